//! Workers in the admin UI: what is shown of them, and what is done to them.

use reqwest::Method;
use serde_json::json;

use super::registry::ID;
use super::support::Fleet;
use crate::support::As;
use crate::support::session::{Form, Session};

/// Promise: P-59, P-61
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_shown_and_ordered_as_far_as_the_role_goes() {
    let fleet = Fleet::start().await;
    let hello = fleet.member("hello-world").await;
    let labels = json!({ "labels": { "zone": "<b>east</b>" } });
    fleet.register(&hello, &labels).await.expect(200);
    let server = &fleet.server;
    let admin = Session::of_operator(server).await;
    let (viewer, operator) = (server.api_key("viewer").await.0, server.api_key("operator").await.0);
    let viewer = Session::of_key(server, &viewer).await;
    let operator = Session::of_key(server, &operator).await;

    let path = format!("/ui/workers/{ID}");
    let shown =
        async |session: &Session| server.get(As::Session(session), &path).await.expect(200).text();
    let list = server.get(As::Session(&viewer), "/ui/workers").await.expect(200).text();
    assert!(list.contains(ID) && list.contains("badge online"), "{list}");
    let seen = shown(&viewer).await;
    assert!(seen.contains("zone=&#60;b&#62;east&#60;/b&#62;"), "{seen}");
    assert!(!seen.contains("/cordon") && !seen.contains("Certificates"));
    let seen = shown(&operator).await;
    assert!(seen.contains("/cordon") && seen.contains("/drain") && !seen.contains("/quarantine"));
    let seen = shown(&admin).await;
    assert!(seen.contains("/quarantine") && seen.contains("Certificates"));

    let order = async |session: &Session, verb: &str| {
        let request = server.request(As::Session(session), Method::POST, &format!("{path}/{verb}"));
        server.send(request.form(&[("reason", "a new disk")])).await
    };
    order(&viewer, "cordon").await.expect(403);
    order(&operator, "quarantine").await.expect(403);
    let seen = order(&operator, "drain").await.expect(200).text();
    assert!(seen.contains("badge draining") && seen.contains("a new disk"), "{seen}");
    assert!(seen.contains("/uncordon") && !seen.contains("/drain\""));
    let seen = order(&operator, "uncordon").await.expect(200).text();
    assert!(seen.contains("badge online"));
    let seen = order(&admin, "quarantine").await.expect(200).text();
    assert!(seen.contains("badge quarantined") && seen.contains("badge revoked"), "{seen}");
    assert!(seen.contains("/release") && !seen.contains("/cordon"));
    let audited = "/ui/audit?kind=ticket";
    let rows = server.get(As::Session(&admin), audited).await.expect(200).text();
    assert!(rows.contains("worker.drain"));
}
