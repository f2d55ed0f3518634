//! Sessions of the admin UI: how they begin, what they may do, and how they end.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::support::session::{Form, Session, link_code, spend, stays};
use crate::support::{ADMIN_KEY, AUTHORITY, As, Server};

const ME: &str = "/api/v1/me";

#[tokio::test(flavor = "multi_thread")]
async fn a_link_signs_the_operator_in_and_once() {
    let server = Server::start().await;
    let code = link_code(&server).await;
    // Whoever looks at links before people do spends none.
    for _ in 0..2 {
        let page = server.get(As::Nobody, &format!("/auth/link?code={code}")).await.expect(200);
        assert!(page.text().contains("method=\"post\" action=\"/auth/link\""));
    }
    let opened = spend(&server, &code).await.expect(303);
    assert_eq!(opened.header("location"), "/ui");
    let cookie = opened.header("set-cookie").to_owned();
    assert!(cookie.starts_with("carnet-session="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    let session = Session::of(&server, &opened).await;
    let me = server.get(As::Cookie(&session.cookie), ME).await.expect(200).json();
    assert_eq!((&me["id"], &me["kind"]), (&json!("local-admin"), &json!("user")));
    assert_eq!((&me["class"], &me["roles"]), (&json!("session"), &json!(["admin"])));
    spend(&server, &code).await.expect(401);
    spend(&server, "no-code").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_good_for_a_quarter_of_an_hour() {
    let server = Server::start().await;
    let (used, old) = (link_code(&server).await, link_code(&server).await);
    server.hand.advance(Duration::from_secs(15 * 60 - 1));
    spend(&server, &used).await.expect(303);
    server.hand.advance(Duration::from_secs(1));
    spend(&server, &old).await.expect(401);
}

/// Of many who come with one link, one gets in.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_spent_by_one() {
    let server = Server::start().await;
    let code = link_code(&server).await;
    let all = futures::future::join_all((0..8).map(|_| spend(&server, &code))).await;
    let mut statuses: Vec<_> = all.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 401, 401, 401, 401, 401, 401, 401]);
}

/// Whoever asks for a link is whom it signs in, and the answer alone carries it.
#[tokio::test(flavor = "multi_thread")]
async fn an_administrators_key_asks_for_a_link_of_its_own() {
    let server = Server::start().await;
    let path = "/api/v1/admin/sign-in-links";
    let made = server.post(As::Admin, path, &json!({})).await.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let url = made.json()["url"].as_str().unwrap().to_owned();
    let (base, code) = url.split_once("/auth/link?code=").unwrap();
    assert_eq!(base, server.url);
    let session = Session::of(&server, &spend(&server, code).await.expect(303)).await;
    let me = server.get(As::Cookie(&session.cookie), ME).await.expect(200).json();
    assert_eq!((&me["id"], &me["kind"]), (&json!("key:admin"), &json!("service")));
    let rows = server.get(As::Admin, "/api/v1/admin/audit?kind=auth").await.expect(200).text();
    assert!(rows.contains("session.link") && rows.contains("session.open"));
    assert!(!rows.contains(code), "the code is a secret");
}

/// Promise: P-37
#[tokio::test(flavor = "multi_thread")]
async fn a_session_falls_idle_and_gets_old() {
    let settings = [("ui.session_idle", "1h"), ("ui.session_max", "2h")];
    let server = Server::start_with(&settings).await;
    let used = Session::of_operator(&server).await;
    let idle = Session::of_operator(&server).await;
    let minutes = |minutes: u64| server.hand.advance(Duration::from_mins(minutes));
    let status =
        async |session: &Session| server.get(As::Cookie(&session.cookie), ME).await.status.as_u16();
    minutes(50);
    assert_eq!(status(&used).await, 200);
    // What an open page asks for by itself keeps no session.
    let request = server.request(As::Cookie(&idle.cookie), Method::GET, "/ui");
    server.send(request.header("HX-Request", "true")).await.expect(200);
    minutes(20);
    assert_eq!((status(&used).await, status(&idle).await), (200, 401));
    minutes(45);
    assert_eq!(status(&used).await, 200);
    minutes(5);
    assert_eq!(status(&used).await, 401, "two hours are the longest");
}

/// Promise: P-37
#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_and_what_it_listens_to() {
    let server = Server::start().await;
    let (session, other) =
        (Session::of_operator(&server).await, Session::of_operator(&server).await);
    let mut stream = server
        .request(As::Cookie(&session.cookie), Method::GET, "/api/v1/events")
        .send()
        .await
        .unwrap();
    assert!(stream.chunk().await.unwrap().unwrap().starts_with(b"event: listening"));
    let form = [("csrf", session.csrf.as_str())];
    let request = stays().post(format!("{}/auth/logout", server.url));
    let out = server.send(request.header("Cookie", &session.cookie).form(&form)).await.expect(303);
    assert!(out.header("set-cookie").contains("carnet-session=; "));
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    while let Ok(Some(_)) = stream.chunk().await {}
    server.get(As::Cookie(&session.cookie), ME).await.expect_error(401, "unauthorized");
    server.get(As::Cookie(&other.cookie), ME).await.expect(200);
}

/// Promise: P-37
#[tokio::test(flavor = "multi_thread")]
async fn revoking_the_subject_ends_its_sessions_and_not_later_ones() {
    let server = Server::start().await;
    let (key, id) = server.api_key("operator").await;
    let session = Session::of_key(&server, &key).await;
    let of_operator = Session::of_operator(&server).await;
    server.hand.advance(Duration::from_secs(1));
    for subject in [id.as_str(), "local-admin"] {
        let body = json!({ "kind": "subject", "value": subject });
        server.post(As::Admin, "/api/v1/admin/revocations", &body).await.expect(201);
    }
    for ended in [&session, &of_operator] {
        server.get(As::Cookie(&ended.cookie), ME).await.expect_error(401, "unauthorized");
    }
    server.hand.advance(Duration::from_secs(1));
    let later = Session::of_operator(&server).await;
    server.get(As::Cookie(&later.cookie), ME).await.expect(200);
}

/// A session may what its service may now, and ends with the key that opened it.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_rests_on_the_key_that_opened_it() {
    let server = Server::start().await;
    let (key, id) = server.api_key("viewer").await;
    let session = Session::of_key(&server, &key).await;
    let me = server.get(As::Cookie(&session.cookie), ME).await.expect(200).json();
    assert_eq!((&me["id"], &me["roles"]), (&json!(id), &json!(["viewer"])));
    server.get(As::Cookie(&session.cookie), "/ui/tickets").await.expect(403);
    server.delete(As::Admin, &format!("/api/v1/admin/api-keys/{id}")).await.expect(204);
    server.get(As::Cookie(&session.cookie), ME).await.expect_error(401, "unauthorized");
    let of_admin = Session::of_key(&server, ADMIN_KEY).await;
    server.get(As::Cookie(&of_admin.cookie), "/ui/tickets").await.expect(200);

    // The same service with another key.
    let settings = [("auth.admin_api_key", "another-admin-key-for-tests")];
    let server = Server::start_in(server.stop().await, &settings).await;
    server.get(As::Cookie(&of_admin.cookie), ME).await.expect_error(401, "unauthorized");
    let operator = Session::of_operator(&server).await;
    let server = Server::start_in(server.stop().await, &settings).await;
    server.get(As::Cookie(&operator.cookie), ME).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_keys_that_may_read_sign_in() {
    let server = Server::start().await;
    let (issuer, _) = server.api_key("issuer").await;
    for (key, status) in [(issuer.as_str(), 403), ("not-a-key", 401), ("", 401)] {
        let request = stays().post(format!("{}/auth/key", server.url)).form(&[("key", key)]);
        let answer = server.send(request).await.expect(status);
        assert_eq!(answer.header("set-cookie"), "");
        assert!(!answer.text().contains("not-a-key"));
    }
}

/// Promise: P-49
#[tokio::test(flavor = "multi_thread")]
async fn guessing_keys_at_the_sign_in_is_cut_off() {
    let server = Server::start_with(&[("auth.failure_limit_per_minute", "3")]).await;
    let sign_in = async |key: &str| {
        let request = stays().post(format!("{}/auth/key", server.url)).form(&[("key", key)]);
        server.send(request).await.status.as_u16()
    };
    let statuses = [sign_in("a").await, sign_in("b").await, sign_in("c").await];
    assert_eq!(statuses, [401; 3]);
    assert_eq!(sign_in(ADMIN_KEY).await, 429);
}

/// Promise: P-38
#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_alone_changes_nothing() {
    let server = Server::start_with(&AUTHORITY).await;
    let (session, other) =
        (Session::of_operator(&server).await, Session::of_operator(&server).await);
    let cookie = As::Cookie(&session.cookie);
    let mint = || server.request(cookie, Method::POST, "/ui/tickets/new");
    let form =
        |csrf: &str| mint().form(&[("class", "worker-token"), ("worker_id", "a"), ("csrf", csrf)]);
    let body = json!({ "class": "worker-token", "worker_id": "a" });
    let key = json!({ "name": "a", "role": "viewer" });
    for forged in [
        mint(),
        form(""),
        form("a"),
        form(&other.csrf),
        form(&session.csrf).header("Sec-Fetch-Site", "cross-site"),
        form(&session.csrf).header("Sec-Fetch-Site", "same-site"),
        form(&session.csrf).header("X-CSRF-Token", &other.csrf),
        mint().json(&body).header("Sec-Fetch-Site", "same-origin"),
        server.request(cookie, Method::POST, "/api/v1/admin/tickets").json(&body),
        server.request(cookie, Method::POST, "/api/v1/admin/api-keys").json(&key),
        server.request(cookie, Method::POST, "/api/realm/self/tickets").json(&json!({})),
        server.request(cookie, Method::POST, "/auth/logout"),
    ] {
        server.send(forged).await.expect(403);
    }
    let ledger = server.get(As::Admin, "/api/v1/admin/tickets").await.expect(200).json();
    assert_eq!(ledger["tickets"], json!([]));
    let denied = "/api/v1/admin/audit?outcome=denied";
    let rows = server.get(As::Admin, denied).await.expect(200).json();
    assert!(rows["events"].as_array().unwrap().iter().any(|row| row["reason"] == "forged"));

    server.send(form(&session.csrf).header("Sec-Fetch-Site", "same-origin")).await.expect(200);
    let request = server.request(cookie, Method::POST, "/api/v1/admin/tickets").json(&body);
    server.send(session.with_csrf(request)).await.expect(201);
}

/// Nobody is signed in as somebody else by a page that it looks at.
#[tokio::test(flavor = "multi_thread")]
async fn other_sites_sign_nobody_in() {
    let server = Server::start().await;
    let code = link_code(&server).await;
    let request = |path: &str| {
        let request = stays().post(format!("{}{path}", server.url));
        request.header("Sec-Fetch-Site", "cross-site")
    };
    server.send(request("/auth/link").form(&[("code", &code)])).await.expect(403);
    server.send(request("/auth/key").form(&[("key", ADMIN_KEY)])).await.expect(403);
    spend(&server, &code).await.expect(303);
}

/// A bad one is refused even beside what needs none, and a key decides before it.
#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_counts_after_every_header() {
    let server = Server::start().await;
    let session = Session::of_operator(&server).await;
    let with = |key: &str| {
        let request = server.request(As::Key(key), Method::GET, ME);
        request.header("Cookie", &session.cookie)
    };
    server.send(with("wrong")).await.expect_error(401, "unauthorized");
    for bad in ["carnet-session=", "carnet-session=a", &format!("{}a", session.cookie)] {
        server.get(As::Cookie(bad), ME).await.expect_error(401, "unauthorized");
    }
    // Of other cookies nothing is known.
    let among_others = format!("a=b; {}; c", session.cookie);
    server.get(As::Cookie(&among_others), ME).await.expect(200);
}

/// Behind TLS only this server can set the cookie.
#[tokio::test(flavor = "multi_thread")]
async fn behind_tls_the_cookie_is_for_this_host_and_secure() {
    let server = Server::start_with(&[("server.public_url", "https://carnet.example")]).await;
    let opened = spend(&server, &link_code(&server).await).await.expect(303);
    let cookie = opened.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-carnet-session="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    let session = Session::of(&server, &opened).await;
    let plain = session.cookie.replace("__Host-", "");
    server.get(As::Cookie(&plain), ME).await.expect_error(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_ui_there_are_no_pages_and_no_links() {
    let server = Server::start_with(&[("ui.enabled", "false")]).await;
    assert!(server.app.sign_in_link().await.unwrap().is_none());
    for path in ["/ui", "/auth/login", "/ui/assets/carnet.css"] {
        server.get(As::Admin, path).await.expect(404);
    }
    server.post(As::Admin, "/api/v1/admin/sign-in-links", &json!({})).await.expect(404);
}
