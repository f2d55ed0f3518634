//! Sources, precedence, types, errors.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use carnet_config::keys::{KEYS, Key, Kind};
use carnet_config::{Origin, Role, Size};

use crate::support::{errors, load_with};

/// A value of a key that is not its default, as the file writes it and as text, and another as text.
fn samples(key: &Key) -> (String, &'static str, &'static str) {
    let (one, other) = match key.kind {
        _ if key.name == "keys.seal_key" => (
            "0101010101010101010101010101010101010101010101010101010101010101",
            "0202020202020202020202020202020202020202020202020202020202020202",
        ),
        _ if key.name == "tickets.worker_token_version" => ("1", "2"),
        _ if key.name == "server.public_url" => ("https://one.example", "http://other.example"),
        _ if key.name == "server.cors_allowed_origins" => {
            (r#"["https://one.example"]"#, "http://localhost:3000, *")
        }
        _ if key.name == "server.trusted_proxies" => (r#"["10.0.0.0/8"]"#, "::1, 192.0.2.0/24"),
        _ if key.name == "server.names" => (r#"["one.example"]"#, "other.example, ::1"),
        _ if key.name == "fleet.listen_addr" => ("127.0.0.1:1", "[::1]:2"),
        _ if key.name == "ca.crl_url" => ("http://one.example/crl", "https://other.example"),
        _ if key.name.starts_with("ca.") && key.kind == Kind::Duration => ("11m", "12m"),
        Kind::Text => ("one.example", "other.example"),
        Kind::Secret => {
            ("the-first-secret-of-32-bytes-or-more", "the-second-secret-of-32-bytes-or-more")
        }
        Kind::SecretList => (
            r#"["the-first-secret-of-32-bytes-or-more"]"#,
            "the-second-secret-of-32-bytes-or-more, the-third-secret-of-32-bytes-or-more",
        ),
        Kind::SecretMap => (r#"{"worker-a":"one"}"#, r#"{"worker-a":"one","worker b":"two"}"#),
        Kind::SecretFile => ("one.key", "other.key"),
        Kind::Bool => ("true", "false"),
        Kind::Int => ("11", "12"),
        Kind::Duration => ("11s", "12s"),
        Kind::Size => ("11KiB", "12KiB"),
        Kind::Path => ("/one", "/other"),
        Kind::List | Kind::PathList => (r#"["/one","/more"]"#, "/other, ,/others"),
        Kind::Choice(words) => (words[0], words[words.len() - 1]),
    };
    let written = match key.kind {
        Kind::Bool | Kind::Int | Kind::SecretList | Kind::List | Kind::PathList => one.to_owned(),
        Kind::SecretMap => "{ worker-a = \"one\" }".to_owned(),
        _ => format!("\"{one}\""),
    };
    (written, one, other)
}

/// A public URL is a place: nothing that a link could be made to lead elsewhere by.
#[test]
fn a_public_url_has_a_host_and_no_more_than_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let load = |url: &str| load_with(folder.path(), None, &[], &[("server.public_url", url)]);
    for (url, authority) in [
        ("https://carnet.example", "carnet.example"),
        ("http://carnet.example:80/", "carnet.example:80"),
        ("https://carnet.example/some/path/", "carnet.example"),
    ] {
        let config = load(url).unwrap().config;
        let public = config.server.public_url.unwrap();
        assert_eq!((public.authority(), public.as_str()), (authority, url.trim_end_matches('/')));
    }
    for wrong in [
        "carnet.example",
        "ftp://x",
        "https://",
        "https:///x",
        "https://a@b",
        "https://a b",
        "https://a?b",
        "https://a#b",
    ] {
        assert!(load(wrong).is_err(), "{wrong}");
    }
    assert_eq!(load("").unwrap().config.server.public_url, None);
}

/// Promise: P-1
#[test]
fn every_key_is_set_by_file_variable_and_flag_and_the_later_ones_win() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["one.key", "other.key"] {
        std::fs::write(folder.path().join(name), "the-secret-in-a-file-of-32-bytes-or-more")
            .unwrap();
    }
    for key in KEYS {
        let (written, _, other) = samples(key);
        let file = match key.name.rsplit_once('.') {
            Some((section, name)) => format!("[{section}]\n{name} = {written}\n"),
            None => format!("{} = {written}\n", key.name),
        };
        let origin = |file: Option<&str>, env: &[(&str, &str)], flags: &[(&str, &str)]| {
            let _ = std::fs::remove_file(folder.path().join("carnet.toml"));
            let loaded = load_with(folder.path(), file, env, flags)
                .unwrap_or_else(|errors| panic!("{errors}"));
            let row = loaded.rows().into_iter().find(|row| row.key == key.name).unwrap();
            (loaded.provenance[key.name], row.value)
        };
        let variable = key.variable();
        let (from_default, from_file) = (origin(None, &[], &[]), origin(Some(&file), &[], &[]));
        let from_variable = origin(Some(&file), &[(&variable, other)], &[]);
        let from_flag = origin(Some(&file), &[(&variable, other)], &[(key.name, samples(key).1)]);
        assert_eq!(from_default.0, Origin::Default, "{}", key.name);
        assert_eq!(
            (from_file.0, from_variable.0, from_flag.0),
            (Origin::File, Origin::Environment, Origin::Flag)
        );
        assert_ne!(from_file.1, from_variable.1, "{}: the variable beats the file", key.name);
        assert_eq!(from_file.1, from_flag.1, "{}: the flag beats the variable", key.name);
    }
    let names = KEYS.iter().flat_map(|key| {
        let file = key.file_name().filter(|name| name != key.name);
        std::iter::once(key.name.to_owned()).chain(file)
    });
    let names: Vec<_> = names.map(|name| name.replace('.', "_").to_ascii_uppercase()).collect();
    let variables: HashSet<_> = names.iter().collect();
    assert_eq!(variables.len(), names.len(), "no two keys share a variable");
}

/// Promise: P-2
#[test]
fn all_faults_are_told_together_with_place_key_and_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    let file = "data_dri = \"x\"\n[server]\nprot = 1\nport = \"7\"\nmax_body = 1.5\n  Host = \"x\"\n[auth]\nenabled = 1\n\
        [realm]\nmax_ticket_ttl = \"1w\"\n[nothing]\nx = 1\n[logging]\nlevel = \"loud\"\n";
    let expected = "carnet.toml:1:1: data_dri: unknown key; did you mean data_dir?\n\
        carnet.toml:6:3: server.Host: unknown key; did you mean server.host?\n\
        carnet.toml:5:1: server.max_body: expected a size like 4096 or \"64KiB\"\n\
        carnet.toml:4:1: server.port: expected a whole number in range\n\
        carnet.toml:3:1: server.prot: unknown key; did you mean server.port?\n\
        carnet.toml:8:1: auth.enabled: expected true or false\n\
        carnet.toml:12:1: nothing.x: unknown key";
    let told = errors(folder.path(), file);
    let lines: HashSet<_> = told.lines().collect();
    for line in expected.lines().map(str::trim) {
        let section = line.contains("nothing");
        assert!(
            lines.iter().any(|told| *told == line || (section && told.contains("nothing"))),
            "{line}\nnot in\n{told}"
        );
    }
    assert!(
        told.contains("carnet.toml:10:1: realm.max_ticket_ttl: not a value; expected a duration")
    );
    assert!(told.contains("logging.level: not a value; expected one of \"trace\", \"debug\""));
    for (file, position) in
        [("x", "1:"), ("[server\n", "1:"), ("[server]\nport = 1\nport = 2\n", "3:")]
    {
        let told = errors(folder.path(), file);
        assert!(
            told.contains("not TOML") && told.contains(&format!("carnet.toml:{position}")),
            "{told}"
        );
    }
    let many = (0..80).map(|at| format!("zz{at} = 1")).collect::<Vec<_>>().join("\n");
    assert_eq!(errors(folder.path(), &many).lines().count(), 50);
}

#[test]
fn out_of_range_values_and_wrong_variables_and_flags_are_refused_by_their_source() {
    let folder = tempfile::tempdir().unwrap();
    let told = |env: &[(&str, &str)], flags: &[(&str, &str)]| {
        load_with(folder.path(), None, env, flags).unwrap_err().to_string()
    };
    assert!(
        told(&[("CARNET_SERVER_PORT", "70000")], &[])
            .starts_with("CARNET_SERVER_PORT: server.port: not a value")
    );
    assert!(told(&[], &[("server.port", "-1")]).starts_with("--set: server.port: not a value"));
    assert!(told(&[], &[("server.prot", "1")]).contains("did you mean server.port?"));
    assert!(told(&[("CARNET_CONFIG", "absent.toml")], &[]).contains("absent.toml: not found"));
    let big = format!("# {}\n", "x".repeat(1 << 20));
    assert!(errors(folder.path(), &big).contains("more than 1 MiB"));
}

#[test]
fn files_are_found_in_their_order_and_relative_paths_start_where_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("carnet-data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("carnet.toml"), "data_dir = \".\"\n[server]\nport = 1\n").unwrap();
    let loaded = load_with(folder.path(), None, &[], &[]).unwrap();
    assert_eq!(
        (loaded.config.server.port, loaded.file.as_deref()),
        (1, Some(&*data.join("carnet.toml")))
    );
    assert_eq!(loaded.config.database.path, data.join("carnet.db"));

    let loaded = load_with(folder.path(), Some("[server]\nport = 2\n"), &[], &[]).unwrap();
    assert_eq!(loaded.config.server.port, 2);
    let named = folder.path().join("other");
    std::fs::create_dir(&named).unwrap();
    std::fs::write(named.join("c.toml"), "[blobs]\npath = \"b\"\n").unwrap();
    let env = [("CARNET_CONFIG", "other/c.toml"), ("CARNET_DATABASE_PATH", "d.db")];
    let loaded = load_with(folder.path(), None, &env, &[]).unwrap();
    assert_eq!(loaded.config.blobs.path, named.join("b"), "from the folder of the file");
    assert_eq!(loaded.config.database.path, folder.path().join("d.db"), "from the working folder");
}

#[test]
fn values_have_their_types_and_defaults_follow_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let env = [
        ("CARNET_DATA_DIR", "/srv/carnet"),
        ("CARNET_REALM_DEFAULT_QUOTA", "1GiB"),
        ("CARNET_SERVER_READ_TIMEOUT", "1m30s"),
    ];
    let config = load_with(folder.path(), None, &env, &[]).unwrap().config;
    assert_eq!(config.database.path, Path::new("/srv/carnet/carnet.db"));
    assert_eq!(config.blobs.path, Path::new("/srv/carnet/blobs"));
    assert_eq!(
        (config.realm.default_quota, config.server.read_timeout),
        (Size(1 << 30), Duration::from_secs(90))
    );
    assert_eq!((config.server.port, config.realm.node_limit), (7423, Size(4 << 20)));
    assert!(config.auth.enabled && config.auth.api_key.is_none() && config.profile.realm.is_none());
}

#[test]
fn unknown_variables_warn_and_those_of_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let env = [
        ("CARNET_SERVER_PROT", "1"),
        ("CARNET_NOTHING_AT_ALL_LIKE_IT", "1"),
        ("CARNET_SERVICE_HOST", "1"),
        ("CARNET_PORT_7423_TCP", "1"),
        ("CARNET_TICKET", "t"),
        ("HOME", "/"),
        ("CARNET_AUTH_API_KEY_FILE", ""),
    ];
    let warnings = load_with(folder.path(), None, &env[..6], &[]).unwrap().warnings;
    assert_eq!(
        warnings,
        [
            "CARNET_NOTHING_AT_ALL_LIKE_IT: unknown variable",
            "CARNET_SERVER_PROT: unknown variable; did you mean CARNET_SERVER_PORT?",
        ]
    );
}

#[test]
fn a_first_run_makes_what_loads_and_starts_and_is_the_same_when_it_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("carnet-data");
    let made = carnet_config::init::generate(&data).unwrap();
    let key = std::fs::read_to_string(&made.api_key).unwrap();
    std::fs::remove_file(&made.config).unwrap();
    assert_eq!(
        carnet_config::init::generate(&data).unwrap(),
        made,
        "a run that was interrupted is made again"
    );
    assert_eq!(std::fs::read_to_string(&made.api_key).unwrap(), key);
    let loaded = load_with(folder.path(), None, &[], &[]).unwrap();
    assert_eq!(loaded.file.as_deref(), Some(&*made.config));
    assert_eq!(loaded.config.start_faults(Role::ControlPlane), []);
    assert!(loaded.warnings.is_empty());
}

#[test]
fn a_grace_that_would_take_half_an_upload_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (grace, faults) in [("59s", 1), ("1m", 0)] {
        let flags = [("auth.admin_api_key", "a"), ("realm.gc_grace", grace)];
        let loaded = load_with(folder.path(), None, &[], &flags).unwrap();
        assert_eq!(loaded.config.start_faults(Role::ControlPlane).len(), faults, "{grace}");
    }
}
