//! The revocation feed, to members of the fleet.

use std::time::Duration;

use carnet_gate::{Clock, Freshness, Gate, Receiver, Selector};
use serde_json::json;

use super::support::Fleet;
use crate::feed::{Events, SNAPSHOT, keys};
use crate::support::{AUTHORITY, As};

const OWN: &str = "/api/v1/worker/hello-world/revocations";

/// Promise: P-20, P-22
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_hears_of_revocations_by_its_certificate_until_that_is_revoked() {
    let fleet = Fleet::start_with(&AUTHORITY).await;
    let (hello, mallory) = (fleet.member("hello-world").await, fleet.member("mallory").await);
    let request =
        |since: u64| fleet.client(Some(&hello)).get(format!("{}{OWN}?since={since}", fleet.url));
    let mut events = Events::of(request(0)).await;
    events.message(&fleet.server, "alive").await;
    fleet.revoke(mallory.serial()).await.expect(200);

    let freshness = Freshness::Remote { max_staleness: Duration::from_mins(15) };
    let clock = Clock::manual(fleet.server.app.gate().clock().now()).0;
    let receiver = Receiver::new(Gate::builder(clock).freshness(freshness).build(), None);
    let keys = keys(&fleet.server).await;
    receiver.receive(&events.next().await.unwrap().data, &keys).unwrap();
    assert_eq!(receiver.gate().revocations().seq(), 1);
    let snapshot = fleet.client(Some(&hello)).get(format!("{}{SNAPSHOT}", fleet.url));
    let snapshot = String::from_utf8(fleet.send(snapshot).await.expect(200).bytes).unwrap();
    assert!(receiver.receive(&snapshot, &keys).is_ok());

    fleet.revoke(hello.serial()).await.expect(200);
    while events.next().await.is_some() {}
    assert!(request(1).send().await.is_err(), "not even a connection");
}

/// Promise: P-20
#[tokio::test(flavor = "multi_thread")]
async fn who_is_quarantined_is_named_by_certificate_and_subject() {
    let fleet = Fleet::start_with(&AUTHORITY).await;
    let (hello, mallory) = (fleet.member("hello-world").await, fleet.member("mallory").await);
    let request = fleet.client(Some(&hello)).get(format!("{}{OWN}", fleet.url));
    let mut events = Events::of(request).await;
    events.message(&fleet.server, "alive").await;
    let body = json!({ "reason": "lost" });
    let path = "/api/v1/admin/ca/identities/worker/mallory/revoke";
    fleet.server.post(As::Admin, path, &body).await.expect(200);
    let message = events.message(&fleet.server, "revocation").await;
    let carnet_ticket::revocation_feed::News::Delta { entries, .. } = message.news else {
        panic!("no delta");
    };
    let names = |selector: &Selector| match selector {
        Selector::Certificate(serial) => serial == mallory.serial(),
        Selector::Subject { subject, .. } => subject == "worker/mallory",
        _ => false,
    };
    assert!(entries.iter().all(|entry| names(&entry.selector)) && entries.len() == 2);
}
