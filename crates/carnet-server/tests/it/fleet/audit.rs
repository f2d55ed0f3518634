//! What is written down of certificates.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::csr::audit;
use super::enrollment::enrollment;
use super::support::{Fleet, csr, key, member};
use crate::support::As;

/// The one event of this action about a worker.
async fn one(fleet: &Fleet, action: &str) -> Value {
    let mut events = audit(fleet, action).await;
    events.retain(|event| event["actor"]["id"] != "server");
    assert_eq!(events.len(), 1, "{action}: {events:?}");
    events.remove(0)
}

fn digest(key: &rcgen::KeyPair) -> String {
    use rcgen::PublicKeyData as _;
    hex::encode(Sha256::digest(key.subject_public_key_info()))
}

/// Promise: K-10
#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_a_certificate_is_one_row() {
    let fleet = Fleet::start().await;
    let (id, token) = enrollment(&fleet, &json!({ "name": "worker-a" })).await;
    let (first_key, other_key) = (key(), key());
    let wrong = json!({ "csr": csr(&other_key, Some("worker-b")) });
    fleet.ask(&token, &wrong).await.expect(403);
    let refused = one(&fleet, "ca.refuse").await;
    assert_eq!(
        (&refused["outcome"], &refused["reason"]),
        (&json!("denied"), &json!("name_mismatch"))
    );
    assert_eq!(refused["details"]["spki_sha256"], digest(&other_key));
    let denied = audit(&fleet, "auth.deny").await;
    assert!(denied.is_empty(), "it is written down once: {denied:?}");

    let first =
        member(&first_key, &fleet.ask(&token, &json!({ "csr": csr(&first_key, None) })).await);
    let issued = one(&fleet, "ca.issue").await;
    assert_eq!(issued["details"]["spki_sha256"], digest(&first_key));
    assert_eq!(issued["details"]["serial"], first.serial());
    for event in [&refused, &issued] {
        assert_eq!(event["details"]["enrollment"], id);
        assert_eq!(event["actor"]["id"], id);
    }

    let second_key = key();
    let second = member(&second_key, &fleet.renew(&first, &csr(&second_key, None)).await);
    let renewed = one(&fleet, "ca.renew").await;
    assert_eq!(renewed["details"]["spki_sha256"], digest(&second_key));
    assert_eq!(renewed["details"]["serial"], second.serial());
    assert_eq!(renewed["actor"]["id"], "worker/worker-a");

    fleet.revoke(second.serial()).await.expect(200);
    fleet.revoke(second.serial()).await.expect(200);
    let revoked = one(&fleet, "ca.revoke").await;
    assert_eq!(revoked["details"]["spki_sha256"], digest(&second_key));
    assert_eq!(revoked["details"]["serial"], second.serial());
    assert_eq!(revoked["actor"]["id"], "key:admin");
    for event in [refused, issued, renewed, revoked] {
        assert_eq!(event["target"], "worker/worker-a");
        assert_eq!(event["remote_addr"], "127.0.0.1", "{event}");
    }
    fleet.server.post(As::Admin, "/api/v1/admin/ca/rotate", &json!({})).await.expect(200);
    let rotated = one(&fleet, "ca.rotate").await;
    assert_eq!(rotated["details"]["state"], "next");
    let len = |name: &str| rotated["details"][name].as_str().map(str::len);
    assert_eq!((len("serial"), len("spki_sha256")), (Some(32), Some(64)));
    assert_eq!(rotated["remote_addr"], "127.0.0.1");
}
