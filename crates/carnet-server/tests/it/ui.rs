//! The pages of the admin UI: what they show, and what they keep safe.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::support::session::{Form, Session, stays};
use crate::support::{AUTHORITY, Answer, As, Server, file};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const JWT_KEY: &str = "/api/v1/admin/keys/jwt/rotate";

/// Mints a worker token by the form: its token, and its id in the ledger.
async fn mint(server: &Server, session: &Session, worker: &str) -> (String, String) {
    let request = server.request(As::Session(session), Method::POST, "/ui/tickets/new");
    let fields = [("class", "worker-token"), ("worker_id", worker), ("scope", "worker:lease")];
    let page = server.send(request.form(&fields)).await.expect(200).text();
    let token = between(&page, "autofocus>", "</textarea>");
    let id = between(&page, "href=\"/ui/tickets/01", "\"");
    (token, format!("01{id}"))
}

/// The first text between two others.
fn between(text: &str, before: &str, after: &str) -> String {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0.to_owned()
}

async fn page(server: &Server, session: &Session, path: &str) -> String {
    server.get(As::Session(session), path).await.expect(200).text()
}

fn assert_is_guarded(answer: &Answer) {
    assert_eq!(answer.header("content-security-policy"), POLICY);
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

/// Every answer of the UI is guarded, errors and redirects too; no page has a script or style of its own in it.
#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_guarded_and_has_nothing_inline() {
    let server = Server::start_with(&AUTHORITY).await;
    let session = Session::of_operator(&server).await;
    let (_, id) = mint(&server, &session, "gpu-1").await;
    let paths = [
        "/ui",
        "/ui/workers",
        "/ui/workers/nobody",
        "/ui/tickets",
        "/ui/tickets/new",
        "/ui/tickets/new?class=jwt",
        "/ui/tickets/new?class=capability",
        &format!("/ui/tickets/{id}"),
        &format!("/ui/tickets/{id}/revoke"),
        "/ui/audit",
        "/ui/nothing",
        "/auth/login",
        "/auth/link?code=a",
    ];
    for path in paths {
        let answer = server.get(As::Session(&session), path).await;
        assert_is_guarded(&answer);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        let page = answer.text();
        for inline in
            ["<style", " style=", "javascript:", " onclick=", " onload=", "hx-on", "<script>"]
        {
            assert!(!page.contains(inline), "{inline} in {path}");
        }
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>"), "{path}: {page}");
    }
    let request = stays().post(format!("{}/auth/link", server.url)).form(&[("code", "")]);
    assert_is_guarded(&server.send(request).await.expect(401));
}

/// What failed is a page that says no more than the API would: with the id of the request, by which the log says why.
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_a_page_with_the_id_of_the_request() {
    let server = Server::start().await;
    let (key, _) = server.api_key("viewer").await;
    let session = Session::of_key(&server, &key).await;
    let request = server.request(As::Session(&session), Method::GET, "/ui/audit");
    let refused =
        server.send(request.header("X-Request-ID", "my-request")).await.expect(403).text();
    assert!(refused.contains("my-request") && refused.contains("not allowed"));
    assert!(!refused.contains("admin:*"), "{refused}");
    let unknown = server.get(As::Session(&session), "/ui/workers/a").await.expect(404).text();
    assert!(unknown.contains("not found"));
}

/// Who is not signed in is asked to, and comes back.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_signed_in_is_asked_to() {
    let server = Server::start().await;
    let page = server.get(As::Nobody, "/ui/audit?kind=auth").await.expect(401);
    assert_is_guarded(&page);
    let page = page.text();
    assert!(page.contains("name=\"return_to\" value=\"/ui/audit?kind=auth\""), "{page}");
    assert!(!page.contains("did not sign you in"));
    let old = server.get(As::Cookie("carnet-session=old"), "/ui").await.expect(401).text();
    assert!(old.contains("did not sign you in"));
}

/// Promise: P-61
/// What a role may not do is not offered, and refused when it is sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_offered_what_it_may_do() {
    let server = Server::start_with(&AUTHORITY).await;
    let (key, _) = server.api_key("viewer").await;
    let (viewer, admin) =
        (Session::of_key(&server, &key).await, Session::of_operator(&server).await);
    let (of_viewer, of_admin) =
        (page(&server, &viewer, "/ui").await, page(&server, &admin, "/ui").await);
    for only_admin in ["/ui/tickets", "/ui/audit", "Denied in the last hour"] {
        assert!(of_admin.contains(only_admin), "{only_admin}");
        assert!(!of_viewer.contains(only_admin), "{only_admin}");
    }
    for path in ["/ui/tickets", "/ui/tickets/new", "/ui/audit"] {
        server.get(As::Session(&viewer), path).await.expect(403);
    }
    let request = server.request(As::Session(&viewer), Method::POST, "/ui/tickets/new");
    let fields = [("class", "worker-token"), ("worker_id", "gpu-1")];
    server.send(request.form(&fields)).await.expect(403);
}

/// A ticket is shown once, works, and ends when it is revoked.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_minted_shown_once_previewed_and_revoked() {
    let server = Server::start_with(&AUTHORITY).await;
    let session = Session::of_operator(&server).await;
    let (token, id) = mint(&server, &session, "gpu-1").await;
    assert!(token.starts_with("stacyvm-worker-v1."), "{token}");
    let shown = page(&server, &session, &format!("/ui/tickets/{id}")).await;
    assert!(shown.contains("worker:lease") && shown.contains("badge active"));
    let list =
        page(&server, &session, "/ui/tickets?class=worker-token&status=&subject=gpu-1&q=").await;
    assert!(list.contains(&id));
    let none = page(&server, &session, "/ui/tickets?status=revoked").await;
    assert!(!none.contains(&id));
    for shown in [&shown, &list] {
        assert!(!shown.contains(&token), "it is shown once");
    }

    let revoke = format!("/ui/tickets/{id}/revoke");
    let preview = page(&server, &session, &revoke).await;
    assert!(preview.contains("Tickets: 1") && preview.contains(&id), "{preview}");
    assert!(page(&server, &session, &format!("/ui/tickets/{id}")).await.contains("badge active"));
    let request = server.request(As::Session(&session), Method::POST, &revoke);
    let ended = server.send(request.form(&[("reason", "lost")])).await.expect(200).text();
    assert!(ended.contains("badge revoked") && !ended.contains("Revoke…"));
    let rows = server.get(As::Admin, "/api/v1/admin/revocations").await.expect(200).json();
    assert_eq!(rows["revocations"][0]["reason"], "lost");
    let preview = page(&server, &session, &revoke).await;
    assert!(preview.contains("Tickets: 0"), "there is nothing left to end");
}

/// A form per class; what is wrong is said, and what was filled in stays.
#[tokio::test(flavor = "multi_thread")]
async fn every_class_has_a_form_and_faults_are_said_beside_it() {
    let server = Server::start_with(&AUTHORITY).await;
    let session = Session::of_operator(&server).await;
    server.post(As::Admin, JWT_KEY, &json!({})).await.expect(201);
    let send = async |fields: &[(&str, &str)]| {
        let request = server.request(As::Session(&session), Method::POST, "/ui/tickets/new");
        server.send(request.form(fields)).await
    };
    let jwt =
        [("class", "jwt"), ("subject", "svc"), ("audience", "a b"), ("claims", "{\"team\":\"x\"}")];
    assert!(send(&jwt).await.expect(200).text().contains("autofocus>eyJ"));
    let no_secret = send(&[("class", "capability"), ("role", "queen")]).await.expect(503).text();
    assert!(no_secret.contains("no key of this server signs it"));
    for (fault, fields) in [
        ("worker_id", &[("class", "worker-token"), ("worker_id", " "), ("ttl", "7m")][..]),
        ("ttl", &[("class", "worker-token"), ("worker_id", "a"), ("ttl", "7 years")]),
        ("claims", &[("class", "jwt"), ("subject", "s"), ("audience", "a"), ("claims", "[")]),
        ("ops", &[("class", "capability"), ("role", "queen"), ("ops", "many")]),
        ("audience", &[("class", "jwt"), ("subject", "s")]),
    ] {
        let page = send(fields).await.expect(400).text();
        let alert = between(&page, "role=\"alert\">", "</p>");
        let (_, kept) = fields.iter().rev().find(|(_, value)| !value.trim().is_empty()).unwrap();
        assert!(alert.starts_with(fault) || fault == "worker_id", "{fault}: {alert}");
        assert!(page.contains(kept), "{kept} stays");
    }
}

/// Nothing that somebody else wrote becomes a part of a page.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_are_text() {
    const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'&";
    const ESCAPED: &str = "&#60;img src=x onerror=alert(1)&#62;&#34;&#39;&#38;";
    let server = Server::start_with(&AUTHORITY).await;
    let session = Session::of_operator(&server).await;
    server.post(As::Admin, JWT_KEY, &json!({})).await.expect(201);
    let body = json!({ "class": "jwt", "subject": HOSTILE, "audience": [HOSTILE] });
    let made = server.post(As::Admin, "/api/v1/admin/tickets", &body).await.expect(201).json();
    let id = made["entry"]["id"].as_str().unwrap();
    let agent = server.request(As::Nobody, Method::GET, "/api/v1/me").header("User-Agent", HOSTILE);
    server.send(agent).await.expect(401);
    let query = "/ui/tickets?subject=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%22%27%26";
    for path in [
        "/ui/tickets",
        query,
        &format!("/ui/tickets/{id}"),
        &format!("/ui/tickets/{id}/revoke"),
        "/ui/audit",
    ] {
        let page = page(&server, &session, path).await;
        assert!(!page.contains("<img src=x"), "{path}");
        assert!(page.contains(ESCAPED), "{path}: {page}");
    }
    let asked =
        server.get(As::Nobody, "/auth/link?code=%22%3E%3Cscript%3E").await.expect(200).text();
    assert!(asked.contains("value=\"&#34;&#62;&#60;script&#62;\""));
}

/// What somebody stored runs nothing where the pages are, whatever it says that it is.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_stored_is_no_page_of_the_ui() {
    let server = Server::start().await;
    let session = Session::of_operator(&server).await;
    let page = file("text/html", b"<script>fetch('/ui')</script>");
    server.put_node(As::Session(&session), &page).await.expect(200);
    let path = format!("/api/realm/self/nodes/{}", page.key);
    let answer = server.get(As::Cookie(&session.cookie), &path).await.expect(200);
    let policy = "default-src 'none'; frame-ancestors 'none'; sandbox";
    assert_eq!(answer.header("content-security-policy"), policy);
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

/// No page has a secret in it but the token that was just minted.
#[tokio::test(flavor = "multi_thread")]
async fn no_page_has_a_secret() {
    let server = Server::start_with(&AUTHORITY).await;
    let session = Session::of_operator(&server).await;
    let (token, id) = mint(&server, &session, "gpu-1").await;
    let cookie = session.cookie.split_once('=').unwrap().1;
    let secrets = [token.as_str(), cookie, AUTHORITY[0].1, AUTHORITY[1].1];
    for path in ["/ui", "/ui/tickets", &format!("/ui/tickets/{id}"), "/ui/audit", "/ui/workers"] {
        let page = page(&server, &session, path).await;
        for secret in secrets.iter().chain(&[crate::support::ADMIN_KEY, crate::support::API_KEY]) {
            assert!(!page.contains(secret), "a secret in {path}");
        }
    }
}

/// What administrators read here is written down as what they read by the API; what an open page asks by itself is not.
#[tokio::test(flavor = "multi_thread")]
async fn reading_the_audit_is_audited_and_refreshing_it_is_not() {
    let server = Server::start().await;
    let session = Session::of_operator(&server).await;
    let reads = async || {
        let path = "/api/v1/admin/audit?action=http.read&path=/ui/audit";
        let rows = server.get(As::Admin, path).await.expect(200).json();
        rows["events"].as_array().unwrap().len()
    };
    page(&server, &session, "/ui/audit").await;
    assert_eq!(reads().await, 1);
    let request = server.request(As::Session(&session), Method::GET, "/ui/audit");
    server.send(request.header("HX-Request", "true")).await.expect(200);
    assert_eq!(reads().await, 1);
}

/// Files are kept by browsers for good: another content has another name.
#[tokio::test(flavor = "multi_thread")]
async fn assets_are_part_of_the_program_and_kept() {
    let server = Server::start().await;
    let session = Session::of_operator(&server).await;
    let page = page(&server, &session, "/ui").await;
    for (kind, content_type) in
        [("css", "text/css"), ("js", "text/javascript"), ("svg", "image/svg")]
    {
        let names =
            page.split('"').filter(|text| text.starts_with("/ui/assets/") && text.ends_with(kind));
        for name in names {
            let asset = server.get(As::Nobody, name).await.expect(200);
            assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
            assert!(asset.header("content-type").starts_with(content_type), "{name}");
            assert_is_guarded(&asset);
        }
    }
    for name in ["carnet.css", "carnet.00000000.css", "..%2f..%2fCargo.toml"] {
        server.get(As::Nobody, &format!("/ui/assets/{name}")).await.expect(404);
    }
}

/// An open page hears that something changed.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_is_told_what_changes() {
    let server = Server::start().await;
    let session = Session::of_operator(&server).await;
    let request = server.request(As::Cookie(&session.cookie), Method::GET, "/api/v1/events");
    let mut stream = request.send().await.unwrap();
    let mut next = async || {
        let text = stream.chunk().await.unwrap().unwrap();
        String::from_utf8(text.to_vec()).unwrap()
    };
    assert_eq!(next().await, "event: listening\ndata: {}\n\n");
    let body = json!({ "kind": "subject", "value": "worker/gpu-1" });
    server.post(As::Admin, "/api/v1/admin/revocations", &body).await.expect(201);
    server.hand.advance(Duration::from_millis(500));
    let told = next().await;
    assert!(told.contains("event: revocations\n") && told.contains("event: audit\n"), "{told}");
}

/// Promise: P-59, P-61
/// A task from its beginning to its end, for those who see it.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_shown_and_cancelled_as_far_as_the_role_goes() {
    const LABEL: &str = "<i>night</i>";
    let server = Server::start().await;
    let admin = Session::of_operator(&server).await;
    let viewer = Session::of_key(&server, &server.api_key("viewer").await.0).await;
    let body = json!({ "capability": "example.hello_world", "labels": { "shift": LABEL } });
    let made = server.post(As::Api, "/api/v1/tasks", &body).await.expect(202).json();
    let id = made["task"]["id"].as_str().unwrap();
    let path = format!("/ui/tasks/{id}");
    let seen = page(&server, &viewer, &path).await;
    assert!(seen.contains("badge pending") && seen.contains("example.hello_world"), "{seen}");
    assert!(seen.contains("shift=&#60;i&#62;night&#60;/i&#62;") && !seen.contains(LABEL));
    assert!(!seen.contains("/cancel\""), "a viewer is not offered it");
    for filter in ["", "?state=pending", "?capability=example.hello_world&state=&worker_id="] {
        assert!(page(&server, &viewer, &format!("/ui/tasks{filter}")).await.contains(id));
    }
    assert!(!page(&server, &viewer, "/ui/tasks?state=running").await.contains(id));
    server.get(As::Session(&viewer), "/ui/tasks?state=nonsense").await.expect(400);
    server.get(As::Session(&viewer), "/ui/tasks/task:00000000000000000000000000").await.expect(404);

    let cancel = async |session: &Session| {
        let request = server.request(As::Session(session), Method::POST, &format!("{path}/cancel"));
        server.send(request.form(&[("reason", "not any more")])).await
    };
    cancel(&viewer).await.expect(403);
    let ended = cancel(&admin).await.expect(200).text();
    assert!(ended.contains("badge cancelled") && !ended.contains("/cancel\""), "{ended}");
    assert!(page(&server, &viewer, "/ui").await.contains("badge cancelled"));
    cancel(&admin).await.expect(409);
    let rows = page(&server, &admin, "/ui/audit?kind=task").await;
    assert!(rows.contains("task.cancel") && rows.contains(id));
}
