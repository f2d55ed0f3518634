//! `POST /api/v1/admin/revocations?preview=true`: what the revocation then ends, and nothing else.

use std::collections::BTreeSet;

use carnet_ticket::{api_key, realm};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{AUTHORITY, As, Server};

const PATH: &str = "/api/v1/admin/revocations";

/// A server with tickets of every kind.
struct Fixture {
    server: Server,
    /// An API key and its id.
    key: (String, String),
    /// Task tickets: of the key, that one's child, and of another service.
    tasks: [String; 3],
    /// Entries of the ledger: two of worker-a, one of worker-b.
    minted: Vec<Value>,
}

impl Fixture {
    async fn new() -> Self {
        let server = Server::start_with(&AUTHORITY).await;
        let key = server.api_key("api").await;
        let input = json!({ "input": [], "delegable": true });
        let parent = server.ticket(As::Key(&key.0), input.clone()).await;
        let path = "/api/realm/self/tickets/self/children";
        let child = server.post(As::Ticket(&parent), path, &json!({ "input": [] })).await;
        let child = child.expect(200).json()["ticketId"].as_str().unwrap().to_owned();
        let other = server.ticket(As::Api, input).await;
        let mut minted = Vec::new();
        for worker in ["worker-a", "worker-a", "worker-b"] {
            let body = json!({ "class": "worker-token", "worker_id": worker });
            let answer = server.post(As::Admin, "/api/v1/admin/tickets", &body).await.expect(201);
            minted.push(answer.json()["entry"].clone());
        }
        Self { server, key, tasks: [parent, child, other], minted }
    }

    async fn preview(&self, selector: &Value) -> Value {
        let path = format!("{PATH}?preview=true");
        self.server.post(As::Admin, &path, selector).await.expect(200).json()["ends"].clone()
    }

    /// The tickets that count.
    async fn live(&self) -> BTreeSet<String> {
        let ledger = self.server.get(As::Admin, "/api/v1/admin/tickets?status=active").await;
        let ledger = ledger.expect(200).json();
        let mut live: BTreeSet<_> =
            ledger["tickets"].as_array().unwrap().iter().map(|entry| text(&entry["id"])).collect();
        for id in &self.tasks {
            if self.server.get(As::Ticket(id), "/api/realm/self").await.status == 200 {
                let content = realm::content_id(&id.parse().unwrap());
                live.insert(format!("ticket:~{}", content.fingerprint()));
            }
        }
        live
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Promise: P-71
#[tokio::test(flavor = "multi_thread")]
async fn a_preview_lists_exactly_the_tickets_that_the_revocation_ends() {
    type Choose = fn(&Fixture) -> Value;
    let of_token = |token: &Value, worker: &str| json!({ "kind": "token_id", "value": token["token_id"], "worker_id": worker });
    let cases: [(Choose, usize); 8] = [
        (|all| json!({ "kind": "realm_ticket", "value": all.tasks[0] }), 2),
        (|all| json!({ "kind": "realm_ticket", "value": all.tasks[1] }), 1),
        (|all| json!({ "kind": "subject", "value": all.key.1 }), 2),
        (
            |all| {
                let content = api_key::content_id(&all.key.1).to_string();
                json!({ "kind": "content_id", "value": content })
            },
            2,
        ),
        (|_| json!({ "kind": "subject", "value": "worker-a" }), 2),
        (|all| json!({ "kind": "content_id", "value": all.minted[2]["content_id"] }), 1),
        (|all| json!({ "kind": "key", "value": all.minted[0]["key_id"] }), 3),
        (|_| json!({ "kind": "certificate", "value": "0a" }), 0),
    ];
    for (choose, count) in cases {
        let fixture = Fixture::new().await;
        let before = fixture.live().await;
        assert_eq!(before.len(), 6);
        let selector = choose(&fixture);
        let tickets = fixture.preview(&selector).await["tickets"].clone();
        assert_eq!(fixture.live().await, before, "nothing changed");
        fixture.server.post(As::Admin, PATH, &selector).await.expect(201);
        let ended = &before - &fixture.live().await;
        let listed: BTreeSet<_> = tickets["ids"].as_array().unwrap().iter().map(text).collect();
        assert_eq!(listed, ended, "{selector}");
        assert_eq!((&tickets["count"], ended.len()), (&json!(count), count), "{selector}");
        let again = fixture.preview(&selector).await;
        assert_eq!(again["tickets"], json!({ "ids": [], "count": 0 }), "it has ended");
    }

    let fixture = Fixture::new().await;
    let (token, before) = (&fixture.minted[0], fixture.live().await);
    let of_other = fixture.preview(&of_token(token, "worker-b")).await;
    assert_eq!(of_other["tickets"]["count"], 0);
    let selector = of_token(token, "worker-a");
    assert_eq!(fixture.preview(&selector).await["tickets"]["ids"], json!([token["id"]]));
    fixture.server.post(As::Admin, PATH, &selector).await.expect(201);
    assert_eq!(&before - &fixture.live().await, [text(&token["id"])].into());
}

/// Promise: P-71
#[tokio::test(flavor = "multi_thread")]
async fn a_preview_lists_live_grants_and_of_many_tickets_the_first() {
    let fixture = Fixture::new().await;
    let (server, ticket) = (&fixture.server, &fixture.tasks[2]);
    let path = "/api/realm/self/tickets/self/events";
    let mut stream = server.request(As::Ticket(ticket), Method::GET, path).send().await.unwrap();
    stream.chunk().await.unwrap().unwrap();
    let selector = json!({ "kind": "realm_ticket", "value": ticket });
    let fingerprint = realm::content_id(&ticket.parse().unwrap()).fingerprint();
    let grants = json!({ "ids": [format!("realm~{fingerprint}")], "count": 1 });
    assert_eq!(fixture.preview(&selector).await["grants"], grants);
    let list = server.get(As::Admin, PATH).await.expect(200).json();
    assert_eq!(list["revocations"], json!([]), "nothing is written");

    for _ in 0..101 {
        server.ticket(As::Key(&fixture.key.0), json!({ "input": [] })).await;
    }
    let selector = json!({ "kind": "subject", "value": fixture.key.1 });
    let tickets = fixture.preview(&selector).await["tickets"].clone();
    let listed = tickets["ids"].as_array().unwrap().len();
    assert_eq!((listed, &tickets["count"]), (100, &json!(103)));
}
