//! `carnet keys …`: a whole rotation.

use carnet_ticket::id::KeyId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Ran, Server, run_with, until};

#[track_caller]
fn refused(ran: &Ran, code: i32, why: &str) {
    assert!(ran.failed(code).contains(why), "{why}: {}", ran.err);
}

/// The states of the keys of a purpose, oldest first.
fn states(server: &Server, purpose: &str) -> Vec<(String, String)> {
    let list = server.run(&["keys", "list", "--format", "json"]).json();
    let keys = list["keys"].as_array().unwrap().iter();
    let keys = keys.filter(|key| key["purpose"] == purpose);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    keys.map(|key| (text(&key["id"]), text(&key["state"]))).collect()
}

fn mint(server: &Server) -> String {
    let body = json!({ "worker_id": "worker-a" });
    let minted = server.call(Method::POST, "/api/v1/admin/worker-tokens", Some(&body));
    minted["token"].as_str().unwrap().to_owned()
}

/// Whether the keys that the server publishes now verify the token.
fn is_good(server: &Server, token: &str) -> bool {
    let jwks = server.call(Method::GET, "/.well-known/jwks.json", None);
    std::fs::write(server.folder.path().join("keys.json"), jwks.to_string()).unwrap();
    let mut command = server.carnet(&["verify", "-", "--jwks-file", "keys.json"]);
    run_with(&mut command, token.as_bytes()).code == 0
}

#[test]
fn a_key_is_rotated_promoted_and_retired_and_no_good_token_is_refused() {
    let server = Server::start();
    let own = server.run(&["keys", "list"]);
    let lines: Vec<_> = own.line().lines().collect();
    assert!(lines[0].trim_start().starts_with("ID") && lines.len() == 3, "{}", own.out);
    assert!(own.out.contains("audit-checkpoint") && own.out.contains("revocation-feed"));

    let first = server.run(&["keys", "rotate", "worker-ed25519"]);
    let old = first.line().to_owned();
    assert_eq!(first.err, "", "the first signs at once");
    let old_token = mint(&server);
    let rotated = server.run(&["keys", "rotate", "worker-ed25519"]);
    let new = rotated.line().to_owned();
    assert!(rotated.err.contains(&format!("carnet keys promote {new}")), "{}", rotated.err);
    refused(&server.run(&["keys", "rotate", "worker-ed25519"]), 1, "409");
    let of = |id: &str, state: &str| (id.to_owned(), state.to_owned());
    assert_eq!(states(&server, "worker-ed25519"), [of(&old, "active"), of(&new, "staged")]);
    assert!(is_good(&server, &mint(&server)), "by the old one");

    let has = server.run(&["keys", "status", "--require", &new]);
    assert!(has.line().contains("server") && has.out.contains(&new), "{}", has.out);
    let lacks = server.run(&["keys", "status", "--require", "7b51cb7896ace11d"]);
    refused(&lacks, 1, "there is no key 7b51cb7896ace11d");

    assert_eq!(server.run(&["keys", "promote", &new]).line(), format!("promoted {new}"));
    assert_eq!(states(&server, "worker-ed25519"), [of(&old, "verifying"), of(&new, "active")]);
    let new_token = mint(&server);
    assert!(is_good(&server, &old_token) && is_good(&server, &new_token));

    refused(&server.run(&["keys", "retire", &new]), 1, "409: the key signs");
    let early = server.run(&["keys", "retire", &old]);
    refused(&early, 1, "tokens under the key may live");
    assert!(early.err.contains("earliest"), "{}", early.err);
    assert_eq!(server.run(&["keys", "retire", &old, "--force"]).line(), format!("retired {old}"));
    assert_eq!(states(&server, "worker-ed25519"), [of(&old, "retired"), of(&new, "active")]);
    assert!(!is_good(&server, &old_token) && is_good(&server, &new_token));
    refused(&server.run(&["keys", "promote", "7b51cb7896ace11d"]), 1, "404");
}

/// The three steps of `docs/howto/rotate-keys.md`.
#[test]
fn keys_of_the_configuration_turn_by_its_file() {
    let server = Server::start();
    let data = server.folder.path().join("carnet-data");
    let keys = ["old", "new"].map(|name| format!("{name}-worker-signing-key-of-32-bytes-and-more"));
    for (name, key) in ["old", "new"].iter().zip(&keys) {
        std::fs::write(data.join("secrets").join(name), key).unwrap();
    }
    let [old, new] = keys.map(|key| KeyId::of(key.as_bytes()).to_string());
    let file = data.join("carnet.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let turn = |lines: &str, expected: &[(&str, &str)]| {
        std::fs::write(&file, text.replace("[auth]\n", &format!("[auth]\n{lines}\n"))).unwrap();
        server.hang_up();
        let is = |(id, state): &(&str, &str)| ((*id).to_owned(), (*state).to_owned());
        let expected: Vec<_> = expected.iter().map(is).collect();
        until(lines, || states(&server, "worker-hmac") == expected);
    };
    let signs = |name: &str| format!("worker_signing_key_file = \"secrets/{name}\"");
    let verifies = |name: &str| format!("\nworker_signing_keys_files = [\"secrets/{name}\"]");
    turn(&signs("old"), &[(&old, "active")]);
    turn(&(signs("old") + &verifies("new")), &[(&old, "active"), (&new, "verifying")]);
    refused(&server.run(&["keys", "promote", &new]), 1, "the configuration holds these keys");
    turn(&(signs("new") + &verifies("old")), &[(&new, "active"), (&old, "verifying")]);
    turn(&signs("new"), &[(&new, "active")]);
}
