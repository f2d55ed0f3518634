//! One verb for anything: `carnet inspect`, `verify` and `revoke`; and what the keys and the audit log are asked.

use serde_json::{Value, json};

use crate::support::{Ran, Server, carnet, run, run_with};

const KEY: &str = "a-worker-signing-key-of-at-least-32-bytes";

/// A worker token, a JWT and a capability ticket.
fn tokens(folder: &std::path::Path) -> [String; 3] {
    std::fs::write(folder.join("key"), KEY).unwrap();
    let made = |args: &[&str]| run(carnet(folder).args(args)).line().to_owned();
    [
        made(&["worker", "token", "w", "--token-id", "t1", "--signing-key-file", "key"]),
        made(&["ticket", "mint", "jwt", "--key-file", "key", "--subject", "s", "--audience", "a"]),
        made(&["ticket", "mint", "capability", "--role", "queen", "--secret-file", "key"]),
    ]
}

#[track_caller]
fn refused(ran: &Ran, code: i32, why: &str) {
    assert!(ran.failed(code).contains(why), "{why}: {}", ran.err);
    assert_eq!(ran.out, "");
}

#[test]
fn inspect_tells_every_form_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let inspect = |text: &str| {
        let mut command = carnet(folder.path());
        run_with(command.args(["inspect", "-", "--format", "json"]), text.as_bytes())
    };
    let [worker, jwt, capability] = tokens(folder.path());
    assert_eq!(inspect(&worker).json()["worker_id"], "w");
    assert_eq!(inspect(&jwt).json()["claims"]["sub"], "s");
    assert_eq!(inspect(&capability).json()["role"], "queen");
    let agent = "casfa_SABR24PA3EYWNYP266SSM8YW9PKRDVZR2HY4WWNSG1VRBBZE";
    let enroll = "carnet-enroll-v1.c2VjcmV0.aGFzaA";
    for (text, class) in [
        ("ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC", "realm"),
        ("key:01HQXK5V8N3Y7M2P4R6T9W0ABC", "api-key"),
        (agent, "agent-token"),
        ("token:4NHRD52K01N92XHMDRE2QB58QW", "agent-token"),
        ("client:4NHRD52K01N92XHMDRE2QB58QW", "signed-request"),
        (enroll, "enrollment"),
        ("enroll:x", "enrollment"),
        (&"ab".repeat(32), "content-id"),
        ("worker/gpu-1", "worker"),
        ("subject/somebody", "subject"),
        ("key/7b51cb7896ace11d", "key"),
        ("cert/0a", "certificate"),
    ] {
        let ran = inspect(text);
        assert_eq!(ran.json()["class"], class, "{text}");
        assert!(!ran.out.contains("c2VjcmV0") && !ran.out.contains(agent));
    }
    assert_eq!(inspect(agent).json()["id"], "token:4NHRD52K01N92XHMDRE2QB58QW");
    for wrong in ["what is this", "ticket:x", "casfa_x", "key/x", "cert/XY"] {
        refused(&inspect(wrong), 2, "expected ticket:");
    }
    refused(&inspect("eyJ.a.b"), 1, "malformed");
    refused(&inspect("cohesix-ticket-x"), 1, "ticket malformed");
    refused(&inspect("carnet-worker-v2.x"), 1, "format");
}

#[test]
fn verify_judges_each_class_by_its_own_flags() {
    let folder = tempfile::tempdir().unwrap();
    let verify = |text: &str, args: &[&str]| {
        let mut command = carnet(folder.path());
        run_with(command.args(["verify", "-"]).args(args), text.as_bytes())
    };
    let [worker, jwt, capability] = tokens(folder.path());
    let key = ["--signing-key-file", "key"];
    assert_eq!(verify(&worker, &key).code, 0);
    refused(&verify(&worker, &[&key[..], &["--worker-id", "v"]].concat()), 1, "worker_id_mismatch");
    refused(&verify(&worker, &[&key[..], &["--issuer", "x"]].concat()), 2, "--issuer says nothing");
    refused(&verify(&worker, &["--signing-key", KEY]), 2, "never an argument");
    assert_eq!(verify(&jwt, &["--key-file", "key"]).code, 0);
    refused(&verify(&jwt, &["--key-file", "key", "--subject", "x"]), 1, "subject");
    refused(&verify(&jwt, &["--key-file", "key", "--role", "queen"]), 2, "--role says nothing");
    refused(&verify(&jwt, &["--subject", "s"]), 2, "--subject says nothing");
    let queen = ["--role", "queen", "--secret-file", "key"];
    assert_eq!(verify(&capability, &queen).code, 0);
    let late = verify(&capability, &["--role", "worker-gpu", "--secret-file", "key"]);
    refused(&late, 1, "role_mismatch");
    for id in ["key:01HQXK5V8N3Y7M2P4R6T9W0ABC", "subject/x", &"ab".repeat(32), "worker/w"] {
        refused(&verify(id, &[]), 2, "this is an id");
    }
    refused(&verify("what is this", &[]), 2, "expected ticket:");
    let argument = run(carnet(folder.path()).args(["verify", &jwt]));
    refused(&argument, 2, "secret in an argument");
    assert!(!argument.err.contains(&jwt));
}

#[test]
fn verify_asks_the_server_about_what_only_it_knows() {
    let server = Server::start();
    let verify = |text: &str, args: &[&str]| {
        let mut command = server.carnet(&["verify", "-", "--format", "json"]);
        run_with(command.args(args), text.as_bytes())
    };
    let ticket = server.run(&["realm", "ticket", "create", "--all"]).line().to_owned();
    let live = verify(&ticket, &[]);
    assert_eq!(live.json()["live"], true);
    assert!(!live.out.contains(&ticket[7..]), "the id of a task ticket is the ticket");
    refused(&verify(&ticket, &["--at", "2026-01-01T00:00:00Z"]), 2, "--at says nothing");
    assert_eq!(server.run(&["revoke", &ticket]).code, 0);
    refused(&verify(&ticket, &[]), 1, "410");
    let key = format!("carnet_ak_01HQXK5V8N3Y7M2P4R6T9W0ABC_{}", "s".repeat(43));
    let unknown = verify(&key, &[]);
    refused(&unknown, 1, "401");
    assert!(!unknown.err.contains(&key));
    refused(&verify(&key, &["--server", "http://127.0.0.1:1"]), 3, "cannot be reached");
}

#[test]
fn revoke_writes_what_each_form_names() {
    let server = Server::start();
    let [worker, jwt, capability] = tokens(server.folder.path());
    let revoke = |text: &str| {
        let mut command = server.carnet(&["revoke", "-", "--format", "json"]);
        run_with(&mut command, text.as_bytes())
    };
    let entry = |text: &str| revoke(text).json()["revocation"].clone();
    let pair = |entry: &Value| (entry["kind"].clone(), entry["value"].clone());
    let by_id = entry(&worker);
    assert_eq!(pair(&by_id), (json!("token_id"), json!("t1")));
    assert_eq!(by_id["worker_id"], "w", "no other worker's token of that id");
    for text in [&jwt, &capability] {
        let inspected = run_with(
            &mut server.carnet(&["ticket", "inspect", "-", "--format", "json"]),
            text.as_bytes(),
        )
        .json();
        let id = inspected.get("content_id").unwrap_or(&inspected["id"]).clone();
        assert_eq!(pair(&entry(text)), (json!("content_id"), id));
    }
    assert_eq!(pair(&entry("key/7b51cb7896ace11d")).0, json!("key"));
    assert_eq!(pair(&entry("cert/0a1b")), (json!("certificate"), json!("0a1b")));
    let by_class_verb = server.run(&["ticket", "revoke", &jwt, "--format", "json"]).json();
    assert_eq!(by_class_verb["revocation"]["kind"], "content_id", "the same again");
    for agent in ["token:4NHRD52K01N92XHMDRE2QB58QW", "client:4NHRD52K01N92XHMDRE2QB58QW"] {
        assert_eq!(pair(&entry(agent)).0, json!("content_id"));
    }
    for text in ["worker/gpu-1", "enroll:01M8B5BY2B2VSYNB402BX8WCEN"] {
        refused(&revoke(text), 1, "404");
    }
    refused(&revoke("not-in-the-ledger"), 2, "expected ticket:");
    refused(&revoke("eyJ.a.b"), 1, "malformed");
}

#[test]
fn keys_tickets_and_audit_check_their_arguments_and_say_when_no_server_answers() {
    let folder = tempfile::tempdir().unwrap();
    let ran = |args: &[&str]| run(carnet(folder.path()).args(args));
    for wrong in [
        &["keys", "rotate", "worker"][..],
        &["keys", "promote", "x"],
        &["keys", "retire", "7b51cb7896ace11"],
        &["keys", "status", "--require", "x"],
        &["audit", "export"],
        &["audit", "export", "--format", "json"],
        &["audit", "export", "--format", "csv", "--tenant", "../keys"],
        &["audit", "export", "--format", "csv", "--since", "monday"],
        &["ticket", "mint"],
        &["ticket", "list", "--limit", "5"],
    ] {
        refused(&ran(wrong), 2, "");
    }
    let nowhere = ["--server", "http://127.0.0.1:1"];
    for command in [
        &["keys", "list"][..],
        &["keys", "status", "--require", "7b51cb7896ace11d"],
        &["keys", "rotate", "worker-ed25519"],
        &["keys", "promote", "7b51cb7896ace11d", "--force"],
        &["keys", "retire", "7b51cb7896ace11d"],
        &["ticket", "list", "--subject", "a b&c", "--class", "jwt"],
        &["ticket", "revoke", "01HQXK5V8N3Y7M2P4R6T9W0ABC"],
        &["audit", "export", "--format", "jsonl"],
        &["audit", "export", "--format", "csv", "--tenant", "acme", "--output", "out.csv"],
    ] {
        refused(&ran(&[command, &nowhere].concat()), 3, "cannot be reached");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "nothing is left of an export that failed: {left:?}");
    std::fs::write(folder.path().join("out.csv"), "kept").unwrap();
    let again = ["audit", "export", "--format", "csv", "--output", "out.csv"];
    refused(&ran(&[&again[..], &nowhere].concat()), 1, "out.csv is there already");
    assert_eq!(std::fs::read_to_string(folder.path().join("out.csv")).unwrap(), "kept");
}
