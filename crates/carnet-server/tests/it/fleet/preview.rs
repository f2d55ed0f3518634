//! What a revocation would end in the fleet.

use serde_json::{Value, json};

use super::support::{Fleet, Member};
use crate::support::As;

const PATH: &str = "/api/v1/admin/revocations";

async fn preview(fleet: &Fleet, selector: &Value) -> Value {
    let path = format!("{PATH}?preview=true");
    fleet.server.post(As::Admin, &path, selector).await.expect(200).json()["ends"].clone()
}

/// Whether a member is let in.
async fn is_in(fleet: &Fleet, member: &Member) -> bool {
    let url = format!("{}/v1/workers", fleet.url);
    fleet.client(Some(member)).get(url).send().await.is_ok()
}

fn listed(ids: &[&str]) -> Value {
    json!({ "ids": ids, "count": ids.len() })
}

/// Promise: P-71
#[tokio::test(flavor = "multi_thread")]
async fn a_preview_lists_the_certificates_and_workers_that_the_revocation_ends() {
    type Choose = fn(&Member, &Value) -> Value;
    let cases: [Choose; 3] = [
        |mallory, _| json!({ "kind": "certificate", "value": mallory.serial() }),
        |_, _| json!({ "kind": "subject", "value": "worker/mallory" }),
        |_, entry| json!({ "kind": "content_id", "value": entry["content_id"] }),
    ];
    for choose in cases {
        let fleet = Fleet::start().await;
        let (hello, mallory) = (fleet.member("hello-world").await, fleet.member("mallory").await);
        let path = "/api/v1/admin/tickets?subject=worker/mallory";
        let ledger = fleet.server.get(As::Admin, path).await.expect(200).json();
        let selector = choose(&mallory, &ledger["tickets"][0]);
        let ends = preview(&fleet, &selector).await;
        assert_eq!(ends["certificates"], listed(&[mallory.serial()]), "{selector}");
        assert_eq!(ends["workers"], listed(&["mallory"]));
        assert_eq!(ends["tickets"], listed(&[]), "a certificate is listed once");
        assert!(is_in(&fleet, &mallory).await, "nothing changed");

        fleet.server.post(As::Admin, PATH, &selector).await.expect(201);
        assert!(!is_in(&fleet, &mallory).await && is_in(&fleet, &hello).await);
        let again = preview(&fleet, &selector).await;
        assert_eq!((&again["certificates"], &again["workers"]), (&listed(&[]), &listed(&[])));
        let ledger = fleet.server.get(As::Admin, path).await.expect(200).json();
        assert_eq!(ledger["tickets"][0]["status"], "revoked");
    }
}
