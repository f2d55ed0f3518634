//! Coming into the fleet.

use std::collections::HashSet;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD as BASE64, BASE64_URL_SAFE_NO_PAD as BASE64_URL};
use serde_json::{Value, json};

use super::csr::issued;
use super::support::{Fleet, csr, key, member};
use crate::support::As;

/// An enrollment made by an administrator: its id and its token.
pub async fn enrollment(fleet: &Fleet, body: &Value) -> (String, String) {
    let made =
        fleet.server.post(As::Admin, "/api/v1/admin/enrollments", body).await.expect(201).json();
    let made = made.get("enrollment").unwrap_or(&made).clone();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("token"))
}

/// Promise: K-1
#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_clients_that_race_with_one_token_one_gets_a_certificate() {
    let fleet = Fleet::start().await;
    let (_, token) = enrollment(&fleet, &json!({ "name": "hello-world" })).await;
    let asked = (0..50).map(|_| {
        let body = json!({ "csr": csr(&key(), None) });
        let (fleet, token) = (&fleet, &token);
        async move { fleet.ask(token, &body).await }
    });
    let answers = futures::future::join_all(asked).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    // Ten of an address are refused as unauthorized, then it has to wait.
    assert!(statuses[1..].iter().all(|status| matches!(status, 401 | 429)), "{statuses:?}");
    assert_eq!(issued(&fleet, "hello-world").await.len(), 1);
    fleet.server.hand.advance(Duration::from_mins(1));
    fleet.ask(&token, &json!({ "csr": csr(&key(), None) })).await.expect(401);
}

/// Promise: K-2
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_given_again_for_ten_minutes() {
    let fleet = Fleet::start().await;
    let (_, token) = enrollment(&fleet, &json!({ "name": "hello-world" })).await;
    fleet.ask(&token, &json!({ "csr": "garbage" })).await.expect(400);
    let key = key();
    let body = json!({ "csr": csr(&key, None) });
    let first = fleet.ask(&token, &body).await.expect(200);
    // Signed anew, since signatures are random: what counts is the key.
    let again = fleet.ask(&token, &json!({ "csr": csr(&key, None) })).await.expect(200);
    assert_eq!(first.json(), again.json());
    fleet.server.hand.advance(Duration::from_secs(599));
    fleet.ask(&token, &body).await.expect(200);
    fleet.server.hand.advance(Duration::from_secs(1));
    fleet.ask(&token, &body).await.expect(401);
}

/// Promise: K-3
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_carried_in_three_ways_and_kept_in_none() {
    let fleet = Fleet::start().await;
    let client = fleet.client(None);
    let (csr_url, name) = (format!("{}/certificates/csr", fleet.url), "hello-world");
    let body = json!({ "csr": csr(&key(), None) });
    let mut tokens = Vec::new();
    for carrier in 0..3 {
        let (id, token) = enrollment(&fleet, &json!({ "name": format!("{name}-{carrier}") })).await;
        let request = match carrier {
            0 => client.post(&csr_url).basic_auth("enroll", Some(&token)),
            1 => client.post(&csr_url).header("Authorization", format!("bEARER {token}")),
            _ => client.post(format!("{}/enroll/{token}/certificates/csr", fleet.url)),
        };
        fleet.send(request.json(&body)).await.expect(200);
        tokens.push((id, token));
    }
    // In front of any route, and nowhere in a query.
    let (_, token) = enrollment(&fleet, &json!({ "name": "other" })).await;
    let certificate = client.get(format!("{}/enroll/{token}/ca/certificate", fleet.url));
    fleet.send(certificate).await.expect(200);
    let query = client.post(format!("{csr_url}?token={token}")).json(&body);
    fleet.send(query).await.expect(401);
    let other_user = client.post(&csr_url).basic_auth("admin", Some(&token)).json(&body);
    fleet.send(other_user).await.expect(401);

    let list = fleet.server.get(As::Admin, "/api/v1/admin/enrollments?all=true").await.expect(200);
    let directory = fleet.server.stop().await;
    let mut kept = vec![list.bytes];
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            kept.push(std::fs::read(path).unwrap());
        }
    }
    for (id, token) in tokens {
        let secret = token.split('.').nth(1).unwrap();
        let bytes = BASE64_URL.decode(secret).unwrap();
        let holds =
            |part: &[u8]| kept.iter().any(|kept| kept.windows(part.len()).any(|at| at == part));
        assert!(!holds(&bytes) && !holds(hex::encode(&bytes).as_bytes()), "in no other form");
        let finds = |text: &str| {
            kept.iter().any(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
        };
        assert!(finds(&id), "the id is");
        assert!(!finds(secret) && !finds(&BASE64.encode(format!("enroll:{token}"))));
    }
}

/// Promise: K-4
#[tokio::test(flavor = "multi_thread")]
async fn every_bad_token_is_the_same_401_and_the_eleventh_has_to_wait() {
    let fleet = Fleet::start().await;
    let body = json!({ "csr": csr(&key(), None) });
    let (_, expired) = enrollment(&fleet, &json!({ "name": "a", "ttl": "1m" })).await;
    let (revoked_id, revoked) = enrollment(&fleet, &json!({ "name": "b" })).await;
    let revoke = format!("/api/v1/admin/enrollments/{revoked_id}");
    assert!(fleet.server.delete(As::Admin, &revoke).await.status.is_success());
    let (_, good) = enrollment(&fleet, &json!({ "name": "c" })).await;
    fleet.server.hand.advance(Duration::from_mins(1));
    let mut parts: Vec<_> = good.split('.').collect();
    let foreign_ca = BASE64_URL.encode([7; 32]);
    parts[2] = &foreign_ca;
    let foreign = parts.join(".");
    let unknown = format!(
        "carnet-enroll-v1.{}.{}",
        BASE64_URL.encode([9; 32]),
        good.split('.').nth(2).unwrap()
    );
    let wrong = [
        expired,
        revoked,
        foreign,
        unknown,
        "carnet-enroll-v2.x.y".to_owned(),
        good.replace("carnet-enroll-v1", "CARNET-ENROLL-V1"),
        format!("{good}="),
        format!("{good}.x"),
        good[..good.len() - 1].to_owned(),
        "x".repeat(4096),
    ];
    let mut answers = HashSet::new();
    for token in &wrong {
        let answer = fleet.ask(token, &body).await.expect(401);
        answers.insert((answer.header("www-authenticate").to_owned(), answer.bytes));
    }
    // Without a token too, which never counts as an attempt.
    let client = fleet.client(None);
    for _ in 0..3 {
        let request = client.post(format!("{}/certificates/csr", fleet.url)).json(&body);
        let answer = fleet.send(request).await.expect(401);
        answers.insert((answer.header("www-authenticate").to_owned(), answer.bytes));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    let limited = fleet.ask(&good, &body).await.expect(429);
    assert_eq!(limited.json(), json!({ "detail": "Too Many Requests" }));
    let wait: u64 = limited.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait));
    fleet.server.hand.advance(Duration::from_secs(wait));
    fleet.ask(&good, &body).await.expect(200);
}

/// Promise: K-8
#[tokio::test(flavor = "multi_thread")]
async fn the_answer_tells_all_of_a_certificate_in_order() {
    let fleet = Fleet::start().await;
    let (_, token) = enrollment(&fleet, &json!({ "name": "hello-world" })).await;
    let key = key();
    let answer = fleet.ask(&token, &json!({ "csr": csr(&key, None) })).await.expect(200);
    let text = String::from_utf8(answer.bytes.clone()).unwrap();
    let order = [
        "status",
        "certificate",
        "ca_certificate",
        "provider",
        "serial_number",
        "spiffe_id",
        "generation",
        "issued_at",
        "renew_after",
        "expires_at",
        "control_plane_url",
        "rpc_audience",
    ];
    let places: Vec<_> = order.map(|name| text.find(&format!("\"{name}\":"))).into();
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "{text}");
    let hello = member(&key, &answer);
    let said = &hello.answer;
    assert_eq!(said["status"], "success");
    assert_eq!(said["ca_certificate"], fleet.ca);
    assert_eq!(
        said["provider"],
        json!({ "provider": "carnet", "type": "private-ca", "security_level": "strict" })
    );
    assert_eq!(said["spiffe_id"], "spiffe://carnet.local/worker/hello-world");
    assert_eq!(said["generation"], 1);
    let listener = format!("https://{}", fleet.server.fleet_address());
    assert_eq!(said["control_plane_url"], listener);
    assert_eq!(said["rpc_audience"], "worker:rpc");
    let moment = |name: &str| {
        carnet_ticket::time::Timestamp::from_rfc3339(said[name].as_str().unwrap()).unwrap().unix_s()
    };
    assert_eq!(moment("expires_at") - moment("issued_at"), 86_400, "a day");
    assert_eq!(moment("renew_after") - moment("issued_at"), 57_600, "two thirds of it");
}
