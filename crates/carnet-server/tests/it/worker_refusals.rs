//! Workers that are refused: what they learn, and what the log, the audit and the metrics do.

use carnet_server::auth::Access;
use carnet_server::routes;
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::id::KeyId;
use carnet_ticket::worker_token::{
    Audience, Claims, HmacKey, STATIC_CLASS, content_id, mint_v1, mint_v2,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::identity::dev_token;
use crate::support::log::Log;
use crate::support::{API_KEY, AUTHORITY, Answer, As, START, Server};

const SHARED: &str = "a-token-that-all-workers-share";

/// What a token says that is good.
fn claims() -> Claims {
    let now = START.unix_s();
    Claims {
        worker_id: "vm-1".to_owned(),
        token_id: "token-1".to_owned(),
        audience: Audience::ControlPlane.as_str().to_owned(),
        scopes: vec!["worker:heartbeat".to_owned()],
        expires_s: now + 300,
        issued_at_s: now,
        not_before_s: 0,
    }
}

fn signed(claims: &Claims) -> String {
    mint_v1(&HmacKey::from_text(AUTHORITY[1].1).unwrap(), claims).unwrap()
}

/// Texts that are refused, each for a reason of its own, of a worker that says it is `vm-1`.
fn bad() -> Vec<(&'static str, String)> {
    let differs = |change: fn(&mut Claims)| {
        let mut claims = claims();
        change(&mut claims);
        signed(&claims)
    };
    let stranger = SigningKey::from_seed(&[7; 32]).unwrap();
    let good = signed(&claims());
    let last = if good.ends_with('A') { "B" } else { "A" };
    vec![
        ("too_long", format!("stacyvm-worker-v1.{}", "a".repeat(4096))),
        ("format", "stacyvm-worker-v1.no-token".to_owned()),
        ("unknown_key", mint_v2(&stranger, &claims()).unwrap()),
        ("signature", format!("{}{last}", &good[..good.len() - 1])),
        ("missing_claim", differs(|claims| claims.audience.clear())),
        ("wrong_type", differs(|claims| claims.issued_at_s = -1)),
        ("expired", differs(|claims| (claims.issued_at_s, claims.expires_s) = (1, 2))),
        ("not_yet_valid", differs(|claims| claims.not_before_s = claims.issued_at_s + 31)),
        ("issued_in_future", differs(|claims| claims.issued_at_s += 31)),
        ("lifetime", differs(|claims| claims.expires_s += 601)),
        ("audience", differs(|claims| "worker:rpc".clone_into(&mut claims.audience))),
        ("worker_id_mismatch", differs(|claims| "vm-2".clone_into(&mut claims.worker_id))),
        ("revoked", differs(|claims| "token-of-the-list".clone_into(&mut claims.token_id))),
        ("static_mismatch", "not-the-token-that-all-workers-share".to_owned()),
    ]
}

async fn server() -> Server {
    let settings = [
        AUTHORITY[0],
        AUTHORITY[1],
        ("auth.worker_token", SHARED),
        ("auth.worker_revoked_token_ids", "token-of-the-list"),
    ];
    Server::start_with_users(&settings).await
}

/// Every route with what its callers have to be, and a path of it.
fn paths() -> impl Iterator<Item = (Access, Method, String)> {
    routes::all().into_iter().map(|route| {
        let segments = route.path.split('/').map(|segment| match segment {
            "{id}" if matches!(route.access, Access::Worker(_)) => "vm-1",
            segment if segment.starts_with('{') => "x",
            segment => segment,
        });
        let path = segments.collect::<Vec<_>>().join("/");
        (route.access, route.method.parse().unwrap(), path)
    })
}

fn of_workers() -> impl Iterator<Item = (Method, String)> {
    let is_theirs = |access| matches!(access, Access::Worker(_));
    paths().filter(move |(access, ..)| is_theirs(*access)).map(|(_, method, path)| (method, path))
}

impl Server {
    async fn by_worker(&self, method: &Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.request(As::Nobody, method.clone(), path).json(&json!({}));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }
}

/// What a refused caller reads, but for the id of its request.
fn body(answer: Answer) -> Value {
    let mut body = answer.expect(401).json();
    assert!(body["request_id"].take().is_string(), "{body}");
    body
}

/// Promise: W-26
#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_reads_the_same() {
    let server = server().await;
    let good = signed(&claims());
    let expected = json!({ "code": "UNAUTHORIZED", "message": "unauthorized", "request_id": null });
    for (method, path) in of_workers() {
        let bearer = format!("Bearer {good}");
        let incomplete: [&[(&str, &str)]; 6] = [
            &[],
            &[("X-Worker-ID", "vm-1")],
            &[("X-Worker-ID", "vm-1"), ("X-Worker-Token", "  ")],
            &[("X-Worker-Token", &good)],
            &[("X-Worker-ID", " "), ("X-Worker-Token", &good)],
            &[("Authorization", &bearer)],
        ];
        for headers in incomplete {
            let answer = server.by_worker(&method, &path, headers).await;
            assert_eq!(body(answer), expected, "{path} {headers:?}");
        }
        for (reason, token) in bad() {
            let headers = [("X-Worker-ID", "vm-1"), ("X-Worker-Token", &*token)];
            let answer = server.by_worker(&method, &path, &headers).await;
            assert_eq!(body(answer), expected, "{path} {reason}");
        }
    }
}

/// Promise: W-29, P-30
#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_workers_and_of_others_have_no_route_in_common() {
    let server = server().await;
    let good = signed(&Claims {
        scopes: carnet_ticket::worker_token::WorkerScope::ALL
            .map(|scope| scope.as_str().to_owned())
            .to_vec(),
        ..claims()
    });
    let mut count = 0;
    for (access, method, path) in paths() {
        if matches!(access, Access::Public | Access::Worker(_) | Access::Feed(_)) {
            continue;
        }
        count += 1;
        for token in [&*good, SHARED] {
            let bearer = format!("Bearer {token}");
            for carrier in [("Authorization", &*bearer), ("X-Worker-Token", token)] {
                let headers = [("X-Worker-ID", "vm-1"), carrier];
                let status = server.by_worker(&method, &path, &headers).await.status.as_u16();
                assert_eq!(status, 401, "{method} {path} {}", carrier.0);
            }
        }
    }
    assert!(count > 80, "{count}");

    let (issuer, _) = server.api_key("issuer").await;
    let user = dev_token(&json!({ "sub": "root" }));
    let bearer = format!("Bearer {user}");
    let admin = crate::support::ADMIN_KEY;
    for (method, path) in of_workers() {
        for credential in [
            ("X-API-Key", API_KEY),
            ("X-API-Key", &*issuer),
            ("X-Admin-API-Key", admin),
            ("Authorization", &*bearer),
            // In a worker's own header too.
            ("X-Worker-Token", &*user),
            ("X-Worker-Token", admin),
        ] {
            for named in [&[("X-Worker-ID", "vm-1")][..], &[]] {
                let headers = [named, &[credential]].concat();
                server.by_worker(&method, &path, &headers).await.expect(401);
            }
        }
    }
}

/// Promise: W-46
#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_counted_by_its_reason_and_written_down_by_fingerprint() {
    let log = Log::start();
    let server = server().await;
    let path = "/api/v1/worker/vm-1/heartbeat";
    let lacking = |scopes: &[&str]| {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        signed(&Claims { scopes, ..claims() })
    };
    let elsewhere = signed(&Claims { worker_id: "vm-2".to_owned(), ..claims() });
    let mut refused: Vec<_> =
        bad().into_iter().map(|(reason, token)| (reason, "vm-1", token, 401)).collect();
    refused.push(("role", "vm-1", lacking(&["worker:lease"]), 403));
    refused.push(("worker_id_mismatch", "vm-1", elsewhere, 401));
    for (reason, id, token, status) in &refused {
        let headers = [("X-Worker-ID", *id), ("X-Worker-Token", token)];
        let answer = server.by_worker(&Method::POST, path, &headers).await;
        let request_id = answer.header("x-request-id").to_owned();
        let answer = answer.expect(*status);
        assert!(!answer.text().contains(reason), "the caller does not learn why");
        let named = if token.starts_with("stacyvm") || token.starts_with("carnet") {
            content_id(token)
        } else {
            STATIC_CLASS.derive(KeyId::of(token.as_bytes()).to_string())
        };
        let fingerprint = named.fingerprint().to_string();

        let line = log
            .lines()
            .into_iter()
            .find(|line| line.contains("message=denied ") && line.contains(&request_id));
        let line = line.unwrap();
        assert!(line.contains(&format!("reason=\"{reason}\"")), "{line}");
        assert!(line.contains(&format!("credential={fingerprint} ")), "{line}");
        let query = format!("/api/v1/admin/audit?request_id={request_id}");
        let rows = server.get(As::Admin, &query).await.expect(200).json();
        let row = &rows["events"][0];
        assert_eq!((&row["reason"], &row["outcome"]), (&json!(reason), &json!("denied")), "{row}");
        assert_eq!(row["actor"]["fingerprint"], json!(fingerprint), "{row}");
        let metrics = server.get(As::Api, "/metrics").await.expect(200).text();
        let counted = format!(
            "carnet_auth_total{{class=\"worker-token\",result=\"denied\",reason=\"{reason}\"}}"
        );
        assert!(metrics.contains(&counted), "{counted}");
    }
    for (headers, reason) in
        [(&[][..], "no_token"), (&[("X-Worker-Token", SHARED)][..], "no_worker_id")]
    {
        server.by_worker(&Method::POST, path, headers).await.expect(401);
        let metrics = server.get(As::Api, "/metrics").await.expect(200).text();
        assert!(metrics.contains(&format!("result=\"denied\",reason=\"{reason}\"}}")), "{reason}");
    }
    // Nowhere is a token, nor its signature.
    let audit = server.get(As::Admin, "/api/v1/admin/audit?limit=1000").await.expect(200).text();
    let metrics = server.get(As::Api, "/metrics").await.expect(200).text();
    let log = log.lines().join("\n");
    for (reason, _, token, _) in &refused {
        let secret = token.rsplit_once('.').map_or(token.as_str(), |(_, signature)| signature);
        for written in [&audit, &metrics, &log] {
            assert!(!written.contains(secret), "{reason}");
        }
    }
    assert!(![&audit, &metrics, &log].into_iter().any(|written| written.contains(SHARED)));
}
