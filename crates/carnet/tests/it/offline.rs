//! Commands that need no server.

use crate::support::{carnet, run, run_with};

fn command(args: &[&str]) -> crate::support::Ran {
    let folder = tempfile::tempdir().unwrap();
    run(carnet(folder.path()).args(args))
}

#[test]
fn help_has_examples_and_wrong_usage_is_2() {
    for args in [
        &["--help"][..],
        &["serve", "--help"],
        &["realm", "node", "put", "--help"],
        &["realm", "node", "get", "--help"],
        &["realm", "node", "cat", "--help"],
        &["realm", "node", "ls", "--help"],
        &["realm", "node", "info", "--help"],
        &["realm", "node", "exists", "--help"],
        &["realm", "node", "inspect", "--help"],
        &["realm", "node", "key", "--help"],
        &["revoke", "--help"],
        &["demo", "--help"],
        &["inspect", "--help"],
        &["verify", "--help"],
        &["ticket", "mint", "capability", "--help"],
        &["ticket", "mint", "jwt", "--help"],
        &["ticket", "inspect", "--help"],
        &["ticket", "verify", "--help"],
        &["ticket", "attenuate", "--help"],
        &["ticket", "revoke", "--help"],
        &["ticket", "list", "--help"],
        &["worker", "token", "--help"],
        &["worker", "token", "verify", "--help"],
        &["worker", "token", "rotation-plan", "--help"],
        &["keys", "list", "--help"],
        &["keys", "status", "--help"],
        &["keys", "rotate", "--help"],
        &["keys", "promote", "--help"],
        &["keys", "retire", "--help"],
        &["audit", "export", "--help"],
    ] {
        let help = command(args);
        assert!(help.line().contains("Example"), "{args:?}");
    }
    command(&[]).failed(2);
    command(&["nonsense"]).failed(2);
    command(&["serve", "--set", "x"]).failed(2);
    assert!(command(&["--version"]).line().starts_with("carnet "));
    for shell in ["bash", "zsh", "fish"] {
        assert!(command(&["completions", shell]).line().contains("carnet"));
    }
}

#[test]
fn inspect_tells_what_something_is_and_shows_no_secret() {
    let ticket =
        command(&["inspect", "ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC", "--format", "json"]).json();
    assert_eq!(ticket["class"], "realm");
    assert_eq!(
        ticket["content_id"].as_str().unwrap()[..8],
        *ticket["fingerprint"].as_str().unwrap()
    );
    let node = command(&["inspect", "node:000B5PHBGEC2A705WTKKMVRS30", "--format", "json"]).json();
    assert_eq!(node["hash"], "0000b2da2b8398251c05e6a73a6f1918");
    let secret = format!("carnet_ak_01HQXK5V8N3Y7M2P4R6T9W0ABC_{}", "s".repeat(43));
    let folder = tempfile::tempdir().unwrap();
    let key = run_with(carnet(folder.path()).args(["inspect", "-"]), secret.as_bytes());
    assert!(key.line().contains("key:01HQXK5V8N3Y7M2P4R6T9W0ABC") && !key.out.contains("sss"));
    command(&["inspect", "what is this"]).failed(2);
}

#[test]
fn config_show_tells_every_key_with_its_source_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("carnet.toml"),
        "[server]\nport = 7500\n[auth]\napi_key = \"sesame-open\"\n",
    )
    .unwrap();
    let mut show = carnet(folder.path());
    show.args(["config", "show", "--format", "json", "--set", "server.max_connections=5"])
        .env("CARNET_LOGGING_LEVEL", "debug");
    let ran = run(&mut show);
    let keys = ran.json()["keys"].as_array().unwrap().clone();
    let of = |key: &str| {
        let row = keys.iter().find(|row| row["key"] == key).unwrap();
        (row["value"].as_str().unwrap().to_owned(), row["source"].as_str().unwrap().to_owned())
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(of("server.port"), pair("7500", "file"));
    assert_eq!(of("server.max_connections"), pair("5", "flag"));
    assert_eq!(of("logging.level"), pair("debug", "env"));
    assert_eq!(of("server.host"), pair("127.0.0.1", "default"));
    assert_eq!(of("auth.api_key"), pair("set (inline, id 7c862e9a04d47fec)", "file"));
    assert!(!ran.out.contains("sesame"));
}
