//! Lists, ranges, and keys with two names.

use std::time::Duration;

use carnet_config::WorkerTokenVersion;

use crate::support::{errors, load_with};

#[test]
fn lists_are_arrays_or_texts_between_commas_without_blanks_and_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let ids = |file: Option<&str>, text: Option<&str>| {
        let _ = std::fs::remove_file(folder.path().join("carnet.toml"));
        let env: Vec<_> =
            text.map(|text| ("CARNET_AUTH_WORKER_REVOKED_TOKEN_IDS", text)).into_iter().collect();
        let loaded = load_with(folder.path(), file, &env, &[]).unwrap();
        loaded.config.auth.worker_revoked_token_ids
    };
    let file = "[auth]\nworker_revoked_token_ids = [\" a \", \"b\", \"\", \"a\", \"c,d\"]\n";
    assert_eq!(ids(Some(file), None), ["a", "b", "c,d"]);
    assert_eq!(ids(None, Some("a, ,b,,a , c")), ["a", "b", "c"]);
    assert_eq!(ids(None, Some(r#" ["a ", "b,c", "", "a"] "#)), ["a", "b,c"]);
    assert!(ids(Some(file), Some("")).is_empty(), "an empty variable empties the list");
    assert!(ids(None, None).is_empty());
}

#[test]
fn lists_of_another_type_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for value in ["\"a\"", "[1]", "[[\"a\"]]", "{ a = \"a\" }", "true"] {
        let told = errors(folder.path(), &format!("[tickets.jwt]\nissuers = {value}\n"));
        assert_eq!(told, "carnet.toml:2:1: tickets.jwt.issuers: expected a list of texts");
    }
    std::fs::remove_file(folder.path().join("carnet.toml")).unwrap();
    let told = load_with(folder.path(), None, &[("CARNET_TICKETS_JWT_ISSUERS", "[a")], &[]);
    let told = told.unwrap_err().to_string();
    assert_eq!(told, "CARNET_TICKETS_JWT_ISSUERS: tickets.jwt.issuers: expected a list of texts");
    let many = vec!["\"x\""; 65].join(",");
    let told = errors(folder.path(), &format!("[auth]\nworker_signing_keys_files = [{many}]\n"));
    assert!(told.ends_with("auth.worker_signing_keys: not a value; expected at most 64 of them"));
}

#[test]
fn paths_in_lists_start_where_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let file =
        "[tickets.jwt]\nkeys_pem_files = [\"./a.pem\", \"/b.pem\"]\njwks_file = \"k.json\"\n";
    let jwt = load_with(folder.path(), Some(file), &[], &[]).unwrap().config.jwt;
    assert_eq!(jwt.keys_pem_files, [folder.path().join("a.pem"), "/b.pem".into()]);
    assert_eq!(jwt.jwks_file, Some(folder.path().join("k.json")));
}

#[test]
fn values_out_of_range_are_refused_and_defaults_are_those_of_the_documentation() {
    let folder = tempfile::tempdir().unwrap();
    let file = "[auth]\nworker_token_max_ttl = \"15m1s\"\n[tickets]\nworker_token_version = 3\n\
        [tickets.jwt]\nleeway = \"301s\"\nmax_age = \"x\"\n[audit]\ncheckpoint_rows = -1\n";
    assert_eq!(
        errors(folder.path(), file),
        "carnet.toml:2:1: auth.worker_token_max_ttl: not a value; expected at most 15m\n\
         carnet.toml:4:1: tickets.worker_token_version: not a value; expected 0, 1 or 2\n\
         carnet.toml:6:1: tickets.jwt.leeway: not a value; expected at most 5m\n\
         carnet.toml:7:1: tickets.jwt.max_age: not a value; expected a duration like \"1h30m\" or \"0\"\n\
         carnet.toml:9:1: audit.checkpoint_rows: not a value; expected a whole number in range"
    );
    std::fs::remove_file(folder.path().join("carnet.toml")).unwrap();
    let config = load_with(folder.path(), None, &[], &[]).unwrap().config;
    let (auth, audit, jwt) = (config.auth, config.audit, config.jwt);
    assert_eq!(auth.worker_token_max_ttl, Duration::from_mins(15));
    assert!(auth.worker_tokens.is_empty() && auth.worker_signing_ring().is_empty());
    assert_eq!(config.tickets.worker_token_version, WorkerTokenVersion::ByKey);
    assert_eq!((jwt.leeway, jwt.max_age, jwt.max_lifetime), (Duration::ZERO, None, None));
    assert!(jwt.hmac_key_file.is_none() && config.keys.seal_key.is_none());
    assert_eq!((audit.retention, audit.checkpoint_rows), (Duration::ZERO, 1000));
    assert_eq!(audit.checkpoint_interval, Duration::from_mins(1));
    assert_eq!(config.gate.meter_flush, Duration::from_secs(1));
}

#[test]
fn audit_retention_has_another_name_and_takes_one_of_the_two() {
    let folder = tempfile::tempdir().unwrap();
    let file = "[auth]\nadmin_audit_retention = \"24h\"\n";
    let loaded = load_with(folder.path(), Some(file), &[], &[]).unwrap();
    assert_eq!(loaded.config.audit.retention, Duration::from_hours(24));
    let env = [("CARNET_AUDIT_RETENTION", "1h")];
    let told = load_with(folder.path(), Some(file), &env, &[]).unwrap_err().to_string();
    assert_eq!(
        told,
        "CARNET_AUDIT_RETENTION: audit.retention: not a value; expected this or auth.admin_audit_retention, not both"
    );
}
