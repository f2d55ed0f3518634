//! Workers on the server's own machine.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::support::{Fleet, csr, key};

/// Promise: K-17
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_on_this_machine_needs_no_token_and_one_elsewhere_does() {
    let fleet = Fleet::start_with(&[("server.trusted_proxies", "127.0.0.1")]).await;
    let file = fleet.server.directory.path().join("local-enroll.url");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let token = fleet.local_token();
    let port = fleet.server.fleet_address().port();
    let url = std::fs::read_to_string(&file).unwrap();
    assert_eq!(url.trim(), format!("https://enroll:{token}@127.0.0.1:{port}"));
    for name in ["one", "two"] {
        let member = fleet.enroll(&token, name).await;
        assert_eq!(member.answer["spiffe_id"], format!("spiffe://carnet.local/worker/{name}"));
    }
    // Who says no name has none.
    fleet.ask(&token, &json!({ "csr": csr(&key(), None) })).await.expect(403);
    // The same from an address elsewhere, as a proxy tells it.
    let elsewhere = fleet
        .client(None)
        .post(format!("{}/certificates/csr", fleet.url))
        .header("X-Forwarded-For", "203.0.113.9")
        .bearer_auth(&token)
        .json(&json!({ "csr": csr(&key(), Some("one")), "service_name": "one" }));
    fleet.send(elsewhere).await.expect(401);

    let directory = fleet.server.stop().await;
    assert!(!file.exists(), "gone with the server");
    let again =
        crate::support::Server::try_start_at(carnet_gate::Clock::System.now(), directory, &[]);
    let fleet = Fleet::of(again.await.unwrap()).await;
    assert_ne!(fleet.local_token(), token, "another at each start");
    let body = json!({ "csr": csr(&key(), Some("one")), "service_name": "one" });
    fleet.ask(&token, &body).await.expect(401);
}

/// Promise: K-17
#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_turned_off() {
    let fleet = Fleet::start_with(&[("ca.local_enroll", "false")]).await;
    assert!(!fleet.server.directory.path().join("local-enroll.url").exists());
}
