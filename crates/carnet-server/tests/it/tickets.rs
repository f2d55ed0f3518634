//! `/api/v1/admin/tickets`: minting capability tickets, and the ledger.

use carnet_ticket::capability::{Role, TicketIssuer, TicketToken};
use carnet_ticket::jwt::{self, JwkSet, Jwt, KeyRing};
use carnet_ticket::verify::Bearer;
use serde_json::{Value, json};

use crate::support::{AUTHORITY, As, START, Server};

const ROUTE: &str = "/api/v1/admin/tickets";
const SECRET: &str = "a-role-secret-of-at-least-32-bytes-for-gpus";

/// A server whose manifest has a secret for one role.
async fn server() -> Server {
    let directory = tempfile::tempdir().unwrap();
    let manifest = format!(
        "[root_task]\nschema = \"1.5\"\n[[tickets]]\nrole = \"worker-gpu\"\nsecret = \"{SECRET}\"\n\
         [ticket_limits]\nmax_ttl_s = 600\n"
    );
    std::fs::write(directory.path().join("root_task.toml"), manifest).unwrap();
    Server::start_in(directory, &AUTHORITY).await
}

fn gpu() -> Value {
    json!({ "class": "capability", "role": "worker-gpu", "subject": "gpu-1" })
}

async fn mint(server: &Server, body: &Value) -> Value {
    server.post(As::Admin, ROUTE, body).await.expect(201).json()
}

/// Promise: C-28
#[tokio::test(flavor = "multi_thread")]
async fn a_capability_ticket_is_minted_recorded_and_shown_once() {
    let server = server().await;
    let mut body = gpu();
    body["scopes"] = json!([{ "path": "/proc", "verb": "read", "rate_per_s": 4 }]);
    body["quotas"] = json!({ "bandwidth_bytes": 1000 });
    body["budget"] = json!({ "ops": 5, "ttl_s": 60 });
    body["mount"] = json!({ "service": "logs", "at": "/logs" });
    let minted = mint(&server, &body).await;
    let text = minted["token"].as_str().unwrap();
    let token = TicketToken::decode(text, &TicketIssuer::new(SECRET).key()).unwrap();
    let claims = token.claims();
    assert_eq!((claims.role, claims.subject.as_deref()), (Role::WorkerGpu, Some("gpu-1")));
    assert_eq!((claims.budget.ops(), claims.budget.ticks()), (Some(5), None), "replaced whole");
    assert_eq!(claims.quotas.bandwidth_bytes, Some(1000));
    assert_eq!(claims.mounts.at, "/logs");
    let entry = &minted["entry"];
    assert_eq!(entry["content_id"], token.content_id().to_string());
    assert_eq!(entry["scopes"], json!(["/proc:read:4"]));
    assert_eq!(entry["expires_at"], "2023-11-14T22:14:20Z");

    let id = entry["id"].as_str().unwrap();
    let shown = server.get(As::Admin, &format!("{ROUTE}/{id}")).await.expect(200);
    assert_eq!(&shown.json()["entry"], entry);
    assert!(!String::from_utf8_lossy(&shown.bytes).contains(&text[15..80]));

    server.app.store().close().await;
    let refused = server.post(As::Admin, ROUTE, &gpu()).await.expect(503).json();
    assert_eq!(refused["token"], Value::Null);
}

/// Promise: C-18
#[tokio::test(flavor = "multi_thread")]
async fn what_the_manifest_does_not_allow_is_400_in_its_words() {
    let server = server().await;
    let with = |field: &str, value: Value| {
        let mut body = gpu();
        body[field] = value;
        body
    };
    for (body, message) in [
        (with("subject", json!(null)), "worker roles require a subject identity"),
        (with("budget", json!({ "ttl_s": 601 })), "ttl 601 exceeds 600"),
        (with("budget", json!({})), "ticket ttl required"),
        (
            with("scopes", json!([{ "path": "a", "verb": "read" }])),
            "scope path 'a' exceeds 128 bytes",
        ),
        (with("mount", json!({ "service": "s", "at": "/" })), "ticket mount rejected"),
    ] {
        let error = server.post(As::Admin, ROUTE, &body).await.expect_error(400, "invalid_request");
        assert_eq!(error["message"], message);
    }
    for body in [
        with("role", json!("worker-cpu")),
        with("scopes", json!([{ "path": "/a", "verb": "execute" }])),
        with("unknown", json!(1)),
        json!({ "class": "unknown" }),
        json!({}),
    ] {
        server.post(As::Admin, ROUTE, &body).await.expect(400);
    }
    let queen = json!({ "class": "capability", "role": "queen" });
    server.post(As::Admin, ROUTE, &queen).await.expect_error(503, "unavailable");
    let list = server.get(As::Admin, ROUTE).await.expect(200).json();
    assert_eq!(list["tickets"], json!([]), "nothing was minted");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_listed_by_pages_and_filters_and_knows_what_ended() {
    let server = server().await;
    let mut ids = Vec::new();
    for worker in ["worker-a", "worker-b", "worker-a"] {
        let body = json!({ "class": "worker-token", "worker_id": worker });
        ids.push(mint(&server, &body).await["entry"]["id"].as_str().unwrap().to_owned());
        server.hand.advance(std::time::Duration::from_secs(1));
    }
    mint(&server, &gpu()).await;
    let list = async |query: &str| {
        let list = server.get(As::Admin, &format!("{ROUTE}?{query}")).await.expect(200).json();
        let ids = list["tickets"].as_array().unwrap().iter();
        let ids: Vec<_> = ids.map(|entry| entry["id"].as_str().unwrap().to_owned()).collect();
        (ids, list["next_cursor"].as_str().map(str::to_owned))
    };
    let newest_first: Vec<_> = ids.iter().rev().cloned().collect();
    assert_eq!(list("class=worker-token").await.0, newest_first);
    assert_eq!(list("subject=worker-b").await.0, [ids[1].clone()]);
    let (first, cursor) = list("class=worker-token&limit=2").await;
    assert_eq!(first, newest_first[..2]);
    let (rest, end) = list(&format!("class=worker-token&limit=2&cursor={}", cursor.unwrap())).await;
    assert_eq!((rest, end), (vec![ids[0].clone()], None));

    let shown = server.get(As::Admin, &format!("{ROUTE}/{}", ids[1])).await.expect(200).json();
    let of = |member: &str| shown["entry"][member].as_str().unwrap().to_owned();
    for name in [of("token_id"), of("content_id"), of("subject")] {
        assert_eq!(list(&format!("q={name}")).await.0, [ids[1].clone()], "{name}");
    }
    let nobody = ["q=worker", "q=worker-b&subject=worker-a", "tenant_id=blue"];
    for query in nobody {
        assert!(list(query).await.0.is_empty(), "{query}");
    }

    let path = format!("{ROUTE}/{}/revoke", ids[1]);
    let revoked = server.post(As::Admin, &path, &json!({ "reason": "lost" })).await.expect(200);
    assert_eq!(revoked.json()["revocation"]["kind"], "content_id");
    assert_eq!(list("status=revoked").await.0, [ids[1].clone()]);
    server.hand.advance(std::time::Duration::from_mins(5));
    assert_eq!(list("status=expired&class=worker-token").await.0, [ids[2].clone(), ids[0].clone()]);

    for query in ["limit=0", "limit=1001", "cursor=x", "class=x", "status=x", "unknown=1"] {
        server.get(As::Admin, &format!("{ROUTE}?{query}")).await.expect(400);
    }
    for id in ["x", "01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
        server.get(As::Admin, &format!("{ROUTE}/{id}")).await.expect_error(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jwt_is_signed_with_the_managed_key_and_verifies_by_the_jwks() {
    let server = server().await;
    let body = json!({
        "class": "jwt", "subject": "user-1", "audience": ["carnet:api"], "ttl": "90s",
        "claims": { "groups": ["ops"] },
    });
    server.post(As::Admin, ROUTE, &body).await.expect_error(503, "unavailable");
    server.post(As::Admin, "/api/v1/admin/keys/jwt/rotate", &json!({})).await.expect(201);
    let minted = mint(&server, &body).await;
    let text = minted["token"].as_str().unwrap();

    let jwks = server.get(As::Nobody, "/.well-known/jwks.json").await.expect(200);
    let keys = JwkSet::from_json(std::str::from_utf8(&jwks.bytes).unwrap()).unwrap();
    let ring = KeyRing::named("carnet");
    ring.replace(keys.into_keys()).unwrap();
    let judge = Jwt::with_ring(ring).allow_audience("carnet:api").any_subject().strict();
    let token = judge.verify_text(text, &Bearer::nobody(), START).unwrap();
    assert_eq!(token.subject(), Some("user-1"));
    assert_eq!(token.claims()["groups"], json!(["ops"]));
    let entry = &minted["entry"];
    assert_eq!(entry["content_id"], jwt::content_id(text).to_string());
    assert_eq!(entry["expires_at"], "2023-11-14T22:14:50Z");
    assert_eq!(entry["token_id"].as_str(), token.token_id());

    for (field, value) in [
        ("subject", json!("")),
        ("audience", json!([])),
        ("audience", json!([""])),
        ("ttl", json!("0")),
        ("ttl", json!("none")),
        ("not_before", json!("90s")),
        ("token_id", json!("")),
        ("claims", json!({ "exp": 1 })),
        ("unknown", json!(1)),
    ] {
        let mut body = body.clone();
        body[field] = value.clone();
        let answer = server.post(As::Admin, ROUTE, &body).await;
        assert_eq!(answer.status, 400, "{field}: {value}");
    }
}
