//! Minting by the server, and the ledger: listed, and ended by each of its names.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Ran, Server, carnet, run, run_with};

const GPU: [&str; 7] =
    ["ticket", "mint", "capability", "--role", "worker-gpu", "--subject", "gpu-1"];

fn mint(server: &Server, args: &[&str]) -> Ran {
    server.run(&[&GPU[..], args].concat())
}

fn minted(server: &Server) -> Value {
    mint(server, &["--format", "json"]).json()
}

/// The ledger ids of what a list shows.
fn listed(server: &Server, filters: &[&str]) -> Vec<Value> {
    let list = server.run(&[&["ticket", "list", "--format", "json"], filters].concat()).json();
    list["tickets"].as_array().unwrap().iter().map(|entry| entry["id"].clone()).collect()
}

/// A worker token as the server mints it.
fn worker_token(server: &Server, worker: &str) -> Value {
    let body = json!({ "worker_id": worker });
    server.call(Method::POST, "/api/v1/admin/worker-tokens", Some(&body))
}

#[track_caller]
fn refused(ran: &Ran, code: i32, why: &str) {
    assert!(ran.failed(code).contains(why), "{why}: {}", ran.err);
    assert_eq!(ran.out, "");
}

#[test]
fn a_server_that_is_there_mints_and_its_ledger_knows_what_inspect_shows() {
    let server = Server::start();
    let scopes = ["--scope", "/proc:read:4", "--ops", "5", "--ttl", "1m", "--ticks", "none"];
    let rest = ["--mount", "logs=/mnt/logs", "--bandwidth", "1000", "--cursor-resumes", "2"];
    let ran = mint(&server, &[&scopes[..], &rest, &["--format", "json"]].concat());
    let ticket = ran.json();
    assert!(!ran.err.contains("no ledger"), "{}", ran.err);
    let token = ticket["token"].as_str().unwrap();
    let inspected = server.run(&["ticket", "inspect", token, "--format", "json"]).json();
    for member in ["id", "role", "subject", "budget", "mount", "scopes", "quotas", "expires_at"] {
        assert_eq!(inspected[member], ticket[member], "{member}");
    }
    assert_eq!(inspected["budget"], json!({ "ticks": null, "ops": 5, "ttl_s": 60 }));
    assert_eq!(inspected["mount"], json!({ "service": "logs", "at": "/mnt/logs" }));
    let entry = &ticket["entry"];
    assert_eq!((&entry["content_id"], &entry["subject"]), (&inspected["id"], &json!("gpu-1")));
    assert_eq!((&entry["issued_by"], &entry["status"]), (&json!("local-admin"), &json!("active")));
    assert_eq!(listed(&server, &[]), [entry["id"].clone()]);
    // The role's secret lies in the data folder, and judges it.
    let verify = ["ticket", "verify", token, "--role", "worker-gpu", "--identity", "gpu-1"];
    assert_eq!(server.run(&verify).code, 0);

    // As text, the ticket alone; over TCP as by the socket.
    let plain = mint(&server, &[]);
    assert!(plain.line().starts_with("cohesix-ticket-") && plain.out.lines().count() == 1);
    let key = server.said()[0].strip_prefix("API key: ").unwrap();
    let admin =
        std::fs::read_to_string(server.folder.path().join("carnet-data/secrets/admin_api_key"))
            .unwrap();
    let over_tcp = |key: &str| {
        let mut command = server.carnet(&GPU);
        run(command.args(["--server", &server.url]).env("CARNET_TOKEN", key))
    };
    assert!(over_tcp(admin.trim()).line().starts_with("cohesix-ticket-"));
    refused(&over_tcp(key), 1, "403");
    refused(&mint(&server, &["--ttl", "none"]), 1, "ticket ttl required");
    refused(&mint(&server, &["--issued-at", "2026-05-09T12:00:00Z"]), 2, "mints as of now");
    assert_eq!(listed(&server, &[]).len(), 3, "what was refused is not in it");

    // Who says so mints without it.
    let offline = mint(&server, &["--offline"]);
    assert!(offline.code == 0 && offline.err.contains("no ledger knows"));
    let token = ["worker", "token", "w", "--signing-key-file", "carnet-data/secrets/api_key"];
    assert!(server.run(&token).line().starts_with("stacyvm-worker-v1."));
    assert_eq!(listed(&server, &[]).len(), 3);

    // One that was killed is not passed over: its socket is still there.
    let folder = server.kill();
    refused(&run(carnet(folder.path()).args(GPU)), 3, "with --offline");
    assert_eq!(run(carnet(folder.path()).args(GPU).arg("--offline")).code, 0);
}

#[test]
fn the_ledger_is_listed_for_people_and_programs_and_by_filters() {
    let server = Server::start();
    server.run(&["keys", "rotate", "worker-ed25519"]).line();
    let first = minted(&server)["entry"]["id"].clone();
    worker_token(&server, "worker-a");
    let queen = server.run(&["ticket", "mint", "capability", "--role", "queen"]);
    queen.line();
    let all = listed(&server, &[]);
    assert_eq!((all.len(), &all[2]), (3, &first), "newest first");
    assert_eq!(listed(&server, &["--subject", "gpu-1"]), all[2..]);
    assert_eq!(listed(&server, &["--class", "worker-token"]), [all[1].clone()]);
    assert_eq!(listed(&server, &["--class", "capability", "--status", "active"]).len(), 2);
    assert!(listed(&server, &["--status", "revoked"]).is_empty());
    assert!(listed(&server, &["--subject", "a b&class=x"]).is_empty());
    refused(&server.run(&["ticket", "list", "--class", "x"]), 1, "400");
    refused(&server.run(&["ticket", "list", "--status", "x"]), 1, "400");

    let text = server.run(&["ticket", "list"]);
    let lines: Vec<_> = text.line().lines().collect();
    assert!(lines[0].trim_start().starts_with("ID") && lines.len() == 4, "{}", text.out);
    assert!(lines[3].contains(first.as_str().unwrap()) && lines[3].contains("gpu-1"));
}

#[test]
fn a_ticket_ends_by_its_ledger_id_its_content_id_and_itself() {
    let server = Server::start();
    let tickets = [(); 3].map(|()| minted(&server));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let by_ledger = server.run(&["ticket", "revoke", &text(&tickets[0]["entry"]["id"])]);
    let id = text(&tickets[0]["id"]);
    assert_eq!(by_ledger.line(), format!("revoked content_id {id} (number 1)"));
    let reason = ["--reason", "lost", "--format", "json"];
    let by_content =
        server.run(&[&["ticket", "revoke", &text(&tickets[1]["id"])], &reason[..]].concat());
    assert_eq!(by_content.json()["revocation"]["reason"], "lost");
    let mut command = server.carnet(&["ticket", "revoke", "-"]);
    let by_itself = run_with(&mut command, text(&tickets[2]["token"]).as_bytes());
    assert!(by_itself.line().ends_with("(number 3)"), "{}", by_itself.out);
    let mut revoked = listed(&server, &["--status", "revoked"]);
    revoked.sort_by_key(ToString::to_string);
    let mut expected: Vec<_> = tickets.iter().map(|ticket| ticket["entry"]["id"].clone()).collect();
    expected.sort_by_key(ToString::to_string);
    assert_eq!(revoked, expected);
    refused(&server.run(&["ticket", "revoke", "01HQXK5V8N3Y7M2P4R6T9W0ABC"]), 1, "404");

    let numbers = server.call(Method::GET, "/api/v1/admin/revocations", None);
    assert_eq!(numbers["revocations"].as_array().unwrap().len(), 3);
}

#[test]
fn a_worker_token_ends_by_its_text_and_by_its_id_in_the_ledger() {
    let server = Server::start();
    server.run(&["keys", "rotate", "worker-ed25519"]).line();
    let tokens = ["worker-a", "worker-b"].map(|worker| worker_token(&server, worker));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut command = server.carnet(&["revoke", "-", "--format", "json"]);
    let by_text = run_with(&mut command, text(&tokens[0]["token"]).as_bytes()).json();
    let said = &by_text["revocation"];
    assert_eq!((&said["kind"], &said["value"]), (&json!("token_id"), &tokens[0]["token_id"]));
    assert_eq!(said["worker_id"], "worker-a");

    let id = text(&tokens[1]["token_id"]);
    let preview = server.run(&["revoke", &id, "--preview"]);
    assert!(preview.line().contains(&id));
    assert_eq!(listed(&server, &["--status", "revoked"]).len(), 1, "nothing was written");
    let by_id = server.run(&["revoke", &id]);
    assert_eq!(by_id.line(), format!("revoked token_id {id} (number 2)"));
    assert_eq!(listed(&server, &["--status", "revoked"]).len(), 2);
    // The subject of an entry is no id of one.
    refused(&server.run(&["revoke", "worker-a"]), 2, "expected ticket:");
}
