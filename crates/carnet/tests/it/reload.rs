//! SIGHUP: a changed role secret is in force at once, a broken manifest not at all.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Server, until};

/// The key that the server mints with.
fn key(server: &Server) -> Value {
    let mint = ["ticket", "mint", "capability", "--role", "queen", "--format", "json"];
    server.run(&mint).json()["entry"]["key_id"].clone()
}

fn in_data(server: &Server, name: &str) -> PathBuf {
    server.folder.path().join("carnet-data").join(name)
}

#[test]
fn a_changed_role_secret_is_minted_with_and_a_broken_manifest_leaves_the_old_one_in_force() {
    let server = Server::start();
    let first = key(&server);
    let secret = in_data(&server, "secrets/queen");
    let old = std::fs::read_to_string(&secret).unwrap();
    std::fs::write(&secret, "another-secret-of-the-queen-of-40-letters").unwrap();
    server.hang_up();
    until("another key", || key(&server) != first);
    let second = key(&server);

    // What was minted before goes on counting where the old secret is named.
    std::fs::write(in_data(&server, "secrets/queen.old"), &old).unwrap();
    let manifest = in_data(&server, "root_task.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let named = "role = \"queen\"\nprevious_secret_files = [\"secrets/queen.old\"]";
    std::fs::write(&manifest, text.replace("role = \"queen\"", named)).unwrap();
    server.hang_up();
    until("the log says so", || server.log().matches("loaded anew").count() >= 2);
    assert_eq!(key(&server), second, "a previous secret mints nothing");

    std::fs::write(&manifest, "[[tickets]\nrole = \"queen\"").unwrap();
    server.hang_up();
    until("the log says so", || server.log().contains("the old one is in force"));
    assert!(server.log().contains("root_task.toml"), "{}", server.log());
    assert_eq!(key(&server), second);
    std::fs::remove_file(&manifest).unwrap();
    server.hang_up();
    until("again", || server.log().matches("the old one is in force").count() >= 2);
    assert_eq!(key(&server), second, "a manifest that is gone is no manifest without roles");
}
