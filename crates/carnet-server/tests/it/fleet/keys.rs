//! A key signs only when every member that verifies with it has it.

use serde_json::{Value, json};

use super::registry::ID;
use super::support::Fleet;
use crate::support::{AUTHORITY, As};

/// Promise: P-17
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_a_worker_does_not_have_is_not_promoted_unless_forced() {
    let fleet = Fleet::start_with(&AUTHORITY).await;
    let hello = fleet.member("hello-world").await;
    fleet.register(&hello, &json!({})).await.expect(200);
    let keys = async || fleet.server.get(As::Admin, "/api/v1/admin/keys").await.expect(200).json();
    let staged = async || {
        let rotate = "/api/v1/admin/keys/revocation-feed/rotate";
        let made = fleet.server.post(As::Admin, rotate, &json!({})).await.expect(201).json();
        made["key"]["id"].as_str().unwrap().to_owned()
    };
    let promote = async |id: &str, body: Value| {
        fleet.server.post(As::Admin, &format!("/api/v1/admin/keys/{id}/promote"), &body).await
    };
    let next = staged().await;
    let refused = promote(&next, json!({})).await.expect_error(409, "key_not_everywhere");
    assert_eq!(refused["details"]["missing"], json!([ID]), "it has said nothing yet");
    let shown = keys().await;
    assert_eq!(shown["missing"], json!([ID]));
    assert_eq!(shown["fleet"][1]["member"], ID);
    assert!(shown["fleet"][1]["missing"].as_array().unwrap().contains(&json!(next)));

    let known: Vec<_> = shown["keys"].as_array().unwrap().iter().collect();
    let known: Vec<_> = known.iter().filter_map(|key| key["id"].as_str()).collect();
    let form = format!("service_type=example&load_score=0.0&keys={}", known.join(","));
    fleet.beat(&hello, ID, &form).await.expect(200);
    assert_eq!(keys().await["missing"], json!([]));
    promote(&next, json!({})).await.expect(200);

    // Keys of a purpose that no worker of ours verifies wait for nobody.
    let rotate = "/api/v1/admin/keys/jwt/rotate";
    fleet.server.post(As::Admin, rotate, &json!({})).await.expect(201);
    let made = fleet.server.post(As::Admin, rotate, &json!({})).await.expect(201).json();
    promote(made["key"]["id"].as_str().unwrap(), json!({})).await.expect(200);
    let forced = staged().await;
    promote(&forced, json!({})).await.expect_error(409, "key_not_everywhere");
    promote(&forced, json!({ "force": true })).await.expect(200);
}
