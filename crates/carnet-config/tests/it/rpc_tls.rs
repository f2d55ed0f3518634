//! TLS with certificates that are not the fleet's own.

use carnet_config::Role::{ControlPlane, Worker};
use carnet_config::{Role, RpcTlsMode};

use crate::support::{errors, load_with};

/// The keys that begin what is wrong with these.
fn faults(role: Role, flags: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let admin = [("auth.admin_api_key", "a")];
    let flags: Vec<_> = flags.iter().map(|(key, value)| (*key, *value)).chain(admin).collect();
    let config = load_with(folder.path(), None, &[], &flags).unwrap().config;
    let faults = config.start_faults(role);
    assert!(faults.iter().all(|fault| fault.fix.contains("carnet ")), "{faults:?}");
    faults.iter().map(|fault| fault.message.split([' ', ',']).next().unwrap().to_owned()).collect()
}

/// Promise: K-55
#[test]
fn what_is_half_configured_is_named_for_the_role_that_starts() {
    type Flag = (&'static str, &'static str);
    const CERT: Flag = ("worker.rpc_tls.server_cert_file", "a");
    const KEY: Flag = ("worker.rpc_tls.server_key_file", "a");
    const CLIENT_CA: Flag = ("worker.rpc_tls.client_ca_file", "a");
    const CLIENT_CERT: Flag = ("worker.rpc_tls.client_cert_file", "a");
    const CLIENT_KEY: Flag = ("worker.rpc_tls.client_key_file", "a");
    const CA: Flag = ("worker.rpc_tls.ca_file", "a");
    const ON: Flag = ("worker.rpc_tls.enabled", "true");
    const OFF: Flag = ("worker.rpc_tls.enabled", "false");
    const BLIND: Flag = ("worker.rpc_tls.insecure_skip_verify", "true");
    const COMPAT: Flag = ("profile.default", "compat");
    const CASES: &[(Role, &[Flag], &[&str])] = &[
        (Worker, &[], &[]),
        (Worker, &[CERT, KEY, CLIENT_CA], &[]),
        (Worker, &[ON, CERT, KEY, CLIENT_CA], &[]),
        (Worker, &[CERT], &["server_cert_file"]),
        (Worker, &[KEY, CLIENT_CA], &["server_cert_file"]),
        (Worker, &[CERT, KEY], &["client_ca_file"]),
        (Worker, &[CLIENT_CA], &["client_ca_file"]),
        (Worker, &[ON], &["enabled"]),
        (Worker, &[BLIND], &["insecure_skip_verify"]),
        (Worker, &[OFF], &["enabled"]),
        (Worker, &[OFF, COMPAT], &[]),
        // The other half is another's.
        (Worker, &[CLIENT_CERT], &[]),
        (ControlPlane, &[], &[]),
        (ControlPlane, &[CA, CLIENT_CERT, CLIENT_KEY], &[]),
        (ControlPlane, &[ON, CA, CLIENT_CERT, CLIENT_KEY], &[]),
        (ControlPlane, &[CLIENT_CERT], &["client_cert_file"]),
        (ControlPlane, &[CLIENT_KEY, CA], &["client_cert_file"]),
        (ControlPlane, &[CLIENT_CERT, CLIENT_KEY], &["ca_file"]),
        (ControlPlane, &[CA], &["ca_file"]),
        (ControlPlane, &[ON], &["enabled"]),
        (ControlPlane, &[BLIND, CLIENT_CERT, CLIENT_KEY], &["insecure_skip_verify"]),
        (ControlPlane, &[BLIND, CLIENT_CERT, CLIENT_KEY, COMPAT], &[]),
        (ControlPlane, &[OFF], &["enabled"]),
        (ControlPlane, &[OFF, COMPAT], &[]),
        (ControlPlane, &[CERT], &[]),
    ];
    for (role, flags, expected) in CASES {
        let expected: Vec<_> = expected.iter().map(|key| format!("worker.rpc_tls.{key}")).collect();
        assert_eq!(faults(*role, flags), expected, "{role:?} {flags:?}");
    }
}

#[test]
fn the_mode_is_a_word_or_a_truth() {
    let folder = tempfile::tempdir().unwrap();
    for (text, mode) in [
        ("\"auto\"", RpcTlsMode::Auto),
        ("true", RpcTlsMode::On),
        ("\"true\"", RpcTlsMode::On),
        ("false", RpcTlsMode::Off),
    ] {
        let file = format!("[worker.rpc_tls]\nenabled = {text}\n");
        let loaded = load_with(folder.path(), Some(&file), &[], &[]).unwrap();
        assert_eq!(loaded.config.rpc_tls.enabled, mode, "{text}");
    }
    assert_eq!(
        errors(folder.path(), "[worker.rpc_tls]\nenabled = \"perhaps\"\n"),
        "carnet.toml:2:1: worker.rpc_tls.enabled: not a value; expected one of \"auto\", \"true\", \"false\""
    );
}

#[test]
fn the_file_of_a_secret_is_known() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "a token\n").unwrap();
    let flags = [("auth.worker_token_file", "token")];
    let loaded = load_with(folder.path(), None, &[], &flags).unwrap();
    assert_eq!(loaded.secret_file("auth.worker_token"), Some(&*folder.path().join("token")));
    assert_eq!(loaded.secret_file("auth.worker_signing_key"), None);
}
