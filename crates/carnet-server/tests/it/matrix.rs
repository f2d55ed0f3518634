//! Who may do what: a row for every route, a column for every kind of caller. A route without a row fails.

use std::collections::BTreeMap;

use carnet_ticket::realm::NodeKey;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::support::fleet::new_csr;
use crate::support::identity::Client;
use crate::support::session::{self, Form, Session};
use crate::support::{API_KEY, AUTHORITY, Answer, As, Server, dict, text};

/// The columns.
const CALLERS: [&str; 10] = [
    "nobody",
    "viewer",
    "api",
    "operator",
    "tenant_admin",
    "admin",
    "issuer",
    "read-only ticket",
    "writable ticket",
    "committed ticket",
];

/// Callers whose statuses follow from those of others.
const OTHERS: [&str; 7] = [
    "user",
    "administrator",
    "unauthorized user",
    "agent token",
    "client",
    "session",
    "session without CSRF",
];

/// The statuses of [`OTHERS`]. A user is as a service of its role is. An agent is as its owner in the content
/// store, but deletes no ticket, revokes its own alone, and is nobody's user; of the control plane it has `/me`
/// and tasks alone. A session is as whoever signed in, here the operator of this machine, but changes nothing without
/// what its forms carry. Only that operator and services sign in to the UI.
fn others(method: &str, path: &str, row: Row) -> [u16; 7] {
    let [_, _, api, _, _, admin, issuer, ..] = row;
    let is_mint = path.ends_with("/worker-tokens");
    let is_own = (method, path) == ("DELETE", TICKET) || path == REVOKE;
    let is_store = path.starts_with("/api/realm/") && !is_own;
    let is_task = path.starts_with("/api/v1/tasks");
    let is_public = row == PUBLIC || row == SIGN_IN;
    let is_open = is_public
        || is_store
        || is_task
        || matches!(path, "/api/v1/me" | "/api/mcp" | "/auth/logout");
    let agent = if is_open || row == NOBODY { api } else { 403 };
    let is_link = path.ends_with("/sign-in-links");
    let no_link = |status| if is_link { 403 } else { status };
    let is_changed = method != "GET" && !is_public && row != NOBODY;
    let forged = if is_changed { 403 } else { no_link(admin) };
    let unauthorized = if is_mint { 403 } else { issuer };
    [api, no_link(admin), unauthorized, agent, agent, no_link(admin), forged]
}

const TICKET: &str = "/api/realm/{realm}/tickets/{ticket}";
const REVOKE: &str = "/api/realm/{realm}/tickets/{ticket}/revoke";

/// The statuses of a row, in the order of the columns.
type Row = [u16; 10];

const NOBODY: Row = [401; 10];
const PUBLIC: Row = [200; 10];
/// Whoever signs in is sent on.
const SIGN_IN: Row = [303; 10];
const ANYBODY: Row = [401, 200, 200, 200, 200, 200, 200, 401, 401, 401];
const READ: Row = [401, 200, 200, 200, 200, 200, 403, 401, 401, 401];
const SUBMIT: Row = [401, 403, 202, 202, 202, 202, 403, 401, 401, 401];
const ADMIN: Row = [401, 403, 403, 403, 403, 200, 403, 401, 401, 401];
const OPERATOR: Row = [401, 403, 403, 404, 404, 404, 403, 401, 401, 401];
const MINT: Row = [401, 403, 403, 403, 403, 200, 200, 401, 401, 401];
const REALM_USER: Row = [401, 200, 200, 200, 200, 200, 403, 403, 403, 403];
const REALM_ADMIN: Row = [401, 403, 403, 403, 403, 200, 403, 403, 403, 403];
const REALM_READ: Row = [401, 200, 200, 200, 200, 200, 403, 200, 200, 200];
const REALM_WRITE: Row = [401, 200, 200, 200, 200, 200, 403, 403, 200, 403];
const REALM_MANAGE: Row = [401, 200, 200, 200, 200, 200, 403, 403, 403, 403];

#[expect(clippy::too_many_lines, reason = "a table")]
fn rows() -> BTreeMap<(&'static str, &'static str), Row> {
    let status =
        |row: Row, from: u16, to: u16| row.map(|status| if status == from { to } else { status });
    let mut rows = BTreeMap::new();
    for path in [
        "/live",
        "/api/v1/live",
        "/health/live",
        "/ready",
        "/api/v1/ready",
        "/health/ready",
        "/health",
        "/api/v1/health",
        "/api/health",
        "/api/info",
        "/.well-known/jwks.json",
        "/openapi.json",
        "/api/openapi.json",
        "/auth/login",
        "/auth/link",
        "/ui/assets/{name}",
    ] {
        rows.insert(("GET", path), PUBLIC);
    }
    rows.extend([
        (("GET", "/metrics"), READ),
        (("GET", "/api/v1/me"), ANYBODY),
        (("GET", "/api/v1/admin/api-keys"), ADMIN),
        (("POST", "/api/v1/admin/api-keys"), status(ADMIN, 200, 201)),
        (("DELETE", "/api/v1/admin/api-keys/{key}"), status(ADMIN, 200, 204)),
        (("GET", "/api/v1/admin/revocations"), ADMIN),
        (("POST", "/api/v1/admin/revocations"), status(ADMIN, 200, 201)),
        (("GET", "/api/v1/events"), READ),
        (("POST", "/api/v1/admin/sign-in-links"), status(ADMIN, 200, 201)),
        (("POST", "/auth/link"), SIGN_IN),
        (("POST", "/auth/key"), SIGN_IN),
        (("POST", "/auth/logout"), ANYBODY),
        (("GET", "/ui"), READ),
        (("GET", "/ui/tasks"), READ),
        (("GET", "/ui/tasks/{task}"), READ),
        (("POST", "/ui/tasks/{task}/cancel"), status(SUBMIT, 202, 200)),
        (("GET", "/ui/workers"), READ),
        (("GET", "/ui/workers/{id}"), status(READ, 200, 404)),
        (("POST", "/ui/workers/{id}/cordon"), OPERATOR),
        (("POST", "/ui/workers/{id}/uncordon"), OPERATOR),
        (("POST", "/ui/workers/{id}/drain"), OPERATOR),
        (("POST", "/ui/workers/{id}/quarantine"), status(ADMIN, 200, 404)),
        (("POST", "/ui/workers/{id}/release"), status(ADMIN, 200, 404)),
        (("GET", "/ui/tickets"), ADMIN),
        (("GET", "/ui/tickets/new"), ADMIN),
        (("POST", "/ui/tickets/new"), ADMIN),
        (("GET", "/ui/tickets/{id}"), ADMIN),
        (("GET", "/ui/tickets/{id}/revoke"), ADMIN),
        (("POST", "/ui/tickets/{id}/revoke"), ADMIN),
        (("GET", "/ui/audit"), ADMIN),
        (("GET", "/api/v1/revocations/snapshot"), READ),
        (("GET", "/api/v1/revocations/stream"), READ),
        (("GET", "/api/v1/admin/tickets"), ADMIN),
        (("POST", "/api/v1/admin/tickets"), status(ADMIN, 200, 201)),
        (("GET", "/api/v1/admin/tickets/{id}"), ADMIN),
        (("POST", "/api/v1/admin/tickets/{id}/revoke"), ADMIN),
        (("POST", "/api/v1/admin/worker-tokens"), MINT),
        (("GET", "/api/v1/tasks"), READ),
        (("POST", "/api/v1/tasks"), SUBMIT),
        (("GET", "/api/v1/tasks/{task}"), READ),
        (("GET", "/api/v1/tasks/{task}/events"), READ),
        (("POST", "/api/v1/tasks/{task}/cancel"), SUBMIT),
        (("GET", "/api/v1/workers"), READ),
        (("GET", "/api/v1/workers/{id}"), status(READ, 200, 404)),
        // A worker's token alone lets in here.
        (("POST", "/api/v1/worker/{id}/heartbeat"), NOBODY),
        (("GET", "/api/v1/worker/{id}/revocations"), NOBODY),
        (("POST", "/api/v1/worker/{id}/leases/{resource}/renew"), NOBODY),
        (("POST", "/api/v1/worker/{id}/tasks/{task}/events"), NOBODY),
        (("POST", "/api/v1/admin/workers/{id}/cordon"), OPERATOR),
        (("POST", "/api/v1/admin/workers/{id}/uncordon"), OPERATOR),
        (("POST", "/api/v1/admin/workers/{id}/drain"), OPERATOR),
        (("POST", "/api/v1/admin/workers/{id}/quarantine"), status(ADMIN, 200, 404)),
        (("POST", "/api/v1/admin/workers/{id}/release"), status(ADMIN, 200, 404)),
        (("DELETE", "/api/v1/admin/workers/{id}"), status(ADMIN, 200, 404)),
        (("GET", "/api/v1/admin/enrollments"), ADMIN),
        (("POST", "/api/v1/admin/enrollments"), status(ADMIN, 200, 201)),
        (("DELETE", "/api/v1/admin/enrollments/{enrollment}"), status(ADMIN, 200, 204)),
        (("GET", "/api/v1/admin/ca"), ADMIN),
        (("POST", "/api/v1/admin/ca/issue"), status(ADMIN, 200, 201)),
        (("POST", "/api/v1/admin/ca/rotate"), ADMIN),
        (("POST", "/api/v1/admin/ca/identities/{kind}/{name}/revoke"), ADMIN),
        (("POST", "/api/v1/admin/ca/identities/{kind}/{name}/release"), ADMIN),
        (("GET", "/api/v1/admin/certificates"), ADMIN),
        (("POST", "/api/v1/admin/certificates/{serial}/revoke"), ADMIN),
        (("GET", "/api/v1/admin/keys"), ADMIN),
        (("POST", "/api/v1/admin/keys/{key}/rotate"), status(ADMIN, 200, 201)),
        (("POST", "/api/v1/admin/keys/{key}/promote"), ADMIN),
        (("POST", "/api/v1/admin/keys/{key}/retire"), ADMIN),
        (("GET", "/api/v1/admin/audit"), ADMIN),
        (("GET", "/api/v1/admin/audit/head"), ADMIN),
        (("POST", "/api/v1/admin/reload"), ADMIN),
        (("GET", "/api/oauth/me"), [401, 200, 200, 200, 200, 200, 200, 403, 403, 403]),
        (("POST", "/api/auth/clients/init"), PUBLIC),
        (("GET", "/api/auth/clients/{client}"), PUBLIC),
        (("POST", "/api/auth/clients/complete"), REALM_USER),
        (("GET", "/api/auth/clients"), REALM_USER),
        (("DELETE", "/api/auth/clients/{client}"), REALM_USER),
        (("GET", "/api/auth/tokens"), REALM_USER),
        (("POST", "/api/auth/tokens"), status(REALM_USER, 200, 201)),
        (("DELETE", "/api/auth/tokens/{token}"), REALM_USER),
        (("GET", "/api/admin/users"), REALM_ADMIN),
        (("PATCH", "/api/admin/users/{user}"), REALM_ADMIN),
        (("POST", "/api/admin/gc"), REALM_ADMIN),
        (("POST", "/api/admin/fsck"), REALM_ADMIN),
        (("GET", "/api/realm/{realm}"), REALM_READ),
        (("GET", "/api/realm/{realm}/usage"), REALM_READ),
        (("PUT", "/api/realm/{realm}/nodes/{key}"), REALM_WRITE),
        (("GET", "/api/realm/{realm}/nodes/{key}"), REALM_READ),
        (("GET", "/api/realm/{realm}/nodes/{key}/metadata"), REALM_READ),
        (("GET", "/api/realm/{realm}/nodes/{key}/{*steps}"), REALM_READ),
        (("POST", "/api/realm/{realm}/prepare-nodes"), REALM_WRITE),
        (("GET", "/api/realm/{realm}/tickets"), REALM_MANAGE),
        (("POST", "/api/realm/{realm}/tickets"), REALM_MANAGE),
        (("GET", TICKET), REALM_READ),
        (("DELETE", TICKET), REALM_MANAGE),
        (("GET", "/api/realm/{realm}/tickets/{ticket}/events"), REALM_READ),
        (
            ("POST", "/api/realm/{realm}/tickets/{ticket}/commit"),
            [401, 403, 403, 403, 403, 403, 403, 403, 200, 409],
        ),
        (("POST", REVOKE), REALM_MANAGE),
        (("POST", "/api/realm/{realm}/tickets/{ticket}/children"), REALM_READ),
        (("GET", "/api/realm/{realm}/depots"), REALM_MANAGE),
        (("POST", "/api/realm/{realm}/depots"), status(REALM_MANAGE, 200, 201)),
        (("GET", "/api/realm/{realm}/depots/{depot}"), REALM_MANAGE),
        (("PATCH", "/api/realm/{realm}/depots/{depot}"), REALM_MANAGE),
        (("DELETE", "/api/realm/{realm}/depots/{depot}"), REALM_MANAGE),
        (("POST", "/api/realm/{realm}/depots/{depot}/commit"), REALM_MANAGE),
        (("POST", "/api/mcp"), REALM_MANAGE),
    ]);
    rows
}

/// Credentials of every kind of caller, made once.
struct Callers {
    keys: BTreeMap<&'static str, String>,
    agent: String,
    client: Client,
    session: Session,
}

impl Callers {
    async fn new(server: &Server) -> Self {
        let mut keys = BTreeMap::new();
        for role in ["viewer", "operator", "tenant_admin", "issuer", "api"] {
            keys.insert(role, server.api_key(role).await.0);
        }
        server.authorize("user").await;
        let agent = server.agent_token(As::User("user")).await.0;
        let client = Client::approved(server, As::User("user")).await.0;
        Self { keys, agent, client, session: Session::of_operator(server).await }
    }

    /// Whose realm a caller comes to.
    fn owner(&self, caller: &str) -> As<'_> {
        match caller {
            "viewer" | "operator" | "tenant_admin" => As::Key(&self.keys[caller]),
            "admin" => As::Admin,
            "user" | "agent token" | "client" => As::User("user"),
            "administrator" => As::User("root"),
            "session" | "session without CSRF" => As::Session(&self.session),
            _ => As::Api,
        }
    }
}

/// Promise
/// Every cell, with input that is valid otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_has_a_row_and_every_cell_holds() {
    let server = Server::start_with_users(&AUTHORITY).await;
    let callers = Callers::new(&server).await;
    let mut rows = rows();
    let mut faults = Vec::new();
    for route in carnet_server::routes::all() {
        let Some(row) = rows.remove(&(route.method, route.path)) else {
            faults.push(format!("{} {} has no row", route.method, route.path));
            continue;
        };
        let others = OTHERS.into_iter().zip(others(route.method, route.path, row));
        for (caller, expected) in CALLERS.into_iter().zip(row).chain(others) {
            let found = cell(&server, &callers, route.method, route.path, caller).await;
            if found != expected {
                faults.push(format!(
                    "{} {} as {caller}: {found}, not {expected}",
                    route.method, route.path
                ));
            }
        }
    }
    faults.extend(rows.keys().map(|(method, path)| format!("{method} {path} is no route")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The status of one route for one caller.
async fn cell(server: &Server, callers: &Callers, method: &str, path: &str, caller: &str) -> u16 {
    let owner = callers.owner(caller);
    let mut node = text(&format!("{method} {path} {caller}"));
    let is_realm = path.contains("{realm}");
    if is_realm {
        server.put_node(owner, &node).await.expect(200);
    }
    if path.contains("{*steps}") {
        node = dict(&[("child", node.key)]);
        server.put_node(owner, &node).await.expect(200);
    }
    let ticket = if is_realm || caller.ends_with("ticket") {
        prepare_ticket(server, owner, caller, node.key).await
    } else {
        String::new()
    };
    let depot =
        if path.contains("{depot}") { prepare_depot(server, owner).await } else { String::new() };
    let ended = match (caller, path) {
        ("session", "/auth/logout") => Some(Session::of_operator(server).await),
        _ => None,
    };
    let by = match caller {
        "session" => As::Session(ended.as_ref().unwrap_or(&callers.session)),
        "nobody" | "client" => As::Nobody,
        "issuer" => As::Key(&callers.keys["issuer"]),
        "unauthorized user" => As::User("somebody"),
        "agent token" => As::Agent(&callers.agent),
        "session without CSRF" => As::Cookie(&callers.session.cookie),
        "read-only ticket" | "writable ticket" | "committed ticket" => As::Ticket(&ticket),
        _ => owner,
    };
    let asked = if path.starts_with("/api/auth/clients") {
        server.init_client(&Client::new().public_key).await
    } else {
        json!(null)
    };
    let (template, client) = (path, asked["clientId"].as_str().unwrap_or_default());
    if (method, path) == ("DELETE", "/api/auth/clients/{client}") {
        server.complete_client(owner, &asked).await.expect(200);
    }
    let path = path
        .replace("{realm}", "self")
        .replace("/nodes/{key}", &format!("/nodes/{}", node.key))
        .replace("{depot}", &depot)
        .replace("{*steps}", "~0")
        .replace("{ticket}", &ticket)
        .replace("{client}", client)
        .replace("{user}", "a-user");
    let path = match path.split(['{', '}']).nth(1) {
        Some("name") => path.replace("{name}", &asset_name(server).await),
        Some("id") => path.replace("{id}", &prepare_entry(server).await),
        Some("task") => path.replace("{task}", &prepare_task(server, callers, by, caller).await),
        Some("token") => path.replace("{token}", &server.agent_token(owner).await.1),
        Some("key") => path.replace("{key}", &prepare_key(server, template, caller).await),
        Some("enrollment") => path.replace("{enrollment}", &server.enrollment("gpu-1").await.0),
        Some("serial") => {
            let member = server.issue("worker", "gpu-1").await;
            path.replace("{serial}", member["serial_number"].as_str().unwrap())
        }
        Some("kind") => path.replace("{kind}/{name}", &prepare_member(server, template).await),
        _ => path,
    };
    if template == "/api/v1/admin/ca/rotate" {
        server.post(As::Admin, template, &json!({})).await;
    }
    let request = server.request(by, Method::from_bytes(method.as_bytes()).unwrap(), &path);
    let request = match template {
        "/auth/link" if method == "POST" => {
            request.form(&[("code", &session::link_code(server).await)])
        }
        "/auth/key" => request.form(&[("key", API_KEY)]),
        "/auth/logout" => request,
        "/ui/tickets/new" if method == "POST" => {
            request.form(&[("class", "worker-token"), ("worker_id", "worker-a")])
        }
        "/ui/tickets/{id}/revoke" if method == "POST" => request.form(&[("reason", "a test")]),
        "/api/auth/clients/complete" => request.json(&json!({
            "clientId": client, "verificationCode": asked["displayCode"],
        })),
        "/api/auth/clients/init" => {
            request.json(&json!({ "pubkey": Client::new().public_key, "clientName": "a" }))
        }
        "/api/auth/tokens" if method == "POST" => request.json(&json!({ "name": "a" })),
        "/api/admin/users/{user}" => request.json(&json!({ "role": "authorized" })),
        _ => with_body(request, method, &path, node.key, &node.bytes),
    };
    let request = if caller == "client" {
        callers.client.sign(server, request)
    } else {
        request.build().unwrap()
    };
    let is_sign_in = matches!(template, "/auth/link" | "/auth/key");
    let http = if is_sign_in { &session::stays() } else { &server.http };
    http.execute(request).await.unwrap().status().as_u16()
}

/// The name of a file of the UI, as a page says it.
async fn asset_name(server: &Server) -> String {
    let page = server.get(As::Nobody, "/auth/login").await.expect(200).text();
    let (_, name) = page.split_once("/ui/assets/carnet.").unwrap();
    format!("carnet.{}", name.split_once('"').unwrap().0)
}

/// A task of the caller's own, or of somebody's where the caller may submit none.
async fn prepare_task(server: &Server, callers: &Callers, by: As<'_>, caller: &str) -> String {
    let submit = |by| server.request(by, Method::POST, "/api/v1/tasks").json(&new_task());
    let made = if caller == "client" {
        let signed = callers.client.sign(server, submit(As::Nobody));
        Answer::of(server.http.execute(signed).await.unwrap()).await
    } else {
        server.send(submit(by)).await
    };
    let made = match made.status.as_u16() {
        202 => made,
        _ => server.send(submit(As::Api)).await.expect(202),
    };
    made.json()["task"]["id"].as_str().unwrap().to_owned()
}

fn new_task() -> serde_json::Value {
    json!({ "capability": "example.hello_world" })
}

/// A member of the fleet; for one that is to be released, one that is quarantined.
async fn prepare_member(server: &Server, path: &str) -> String {
    let revoke = |kind: &str| format!("/api/v1/admin/ca/identities/{kind}/gpu-1/revoke");
    let release = "/api/v1/admin/ca/identities/operator/gpu-1/release";
    server.post(As::Admin, release, &json!({})).await;
    server.issue("operator", "gpu-1").await;
    if path.ends_with("/release") {
        server.post(As::Admin, &revoke("operator"), &json!({})).await.expect(200);
    }
    "operator/gpu-1".to_owned()
}

/// An API key's id, a purpose to rotate, or a key that can be turned.
async fn prepare_key(server: &Server, path: &str, caller: &str) -> String {
    if !path.contains("/admin/keys/") {
        return server.api_key("viewer").await.1;
    }
    if path.ends_with("/rotate") {
        // One that is staged waits for its turn.
        return if caller == "session" { "worker-ed25519" } else { "jwt" }.to_owned();
    }
    for _ in 0..2 {
        server.post(As::Admin, "/api/v1/admin/keys/revocation-feed/rotate", &json!({})).await;
    }
    let keys = server.get(As::Admin, "/api/v1/admin/keys").await.expect(200).json();
    let keys = keys["keys"].as_array().unwrap().iter();
    let mut staged =
        keys.filter(|key| key["state"] == "staged" && key["purpose"] == "revocation-feed");
    staged.next().unwrap()["id"].as_str().unwrap().to_owned()
}

/// An entry of the ledger.
async fn prepare_entry(server: &Server) -> String {
    let body = json!({ "class": "worker-token", "worker_id": "worker-a" });
    let minted = server.post(As::Admin, "/api/v1/admin/tickets", &body).await.expect(201).json();
    minted["entry"]["id"].as_str().unwrap().to_owned()
}

async fn prepare_depot(server: &Server, owner: As<'_>) -> String {
    let made = server.post(owner, "/api/realm/self/depots", &json!({})).await.expect(201).json();
    made["depotId"].as_str().unwrap().to_owned()
}

async fn prepare_ticket(server: &Server, owner: As<'_>, caller: &str, input: NodeKey) -> String {
    let is_writable = caller != "read-only ticket";
    let writable = if is_writable { json!({}) } else { json!(null) };
    let ticket = server
        .ticket(owner, json!({ "input": [input], "writable": writable, "delegable": true }))
        .await;
    if caller == "committed ticket" {
        server.commit(&ticket, NodeKey::EMPTY_DICT).await.expect(200);
    }
    ticket
}

fn with_body(
    request: RequestBuilder,
    method: &str,
    path: &str,
    node: NodeKey,
    bytes: &[u8],
) -> RequestBuilder {
    match (method, path) {
        ("PUT", _) => request.body(bytes.to_vec()),
        ("POST", path) if path.ends_with("/enrollments") => {
            request.json(&json!({ "name": "gpu-1" }))
        }
        ("POST", path) if path.ends_with("/ca/issue") => {
            request.json(&json!({ "name": "gpu-2", "csr": new_csr() }))
        }
        ("POST", path) if path.ends_with("/ca/rotate") => {
            request.json(&json!({ "activate": true, "force": true }))
        }
        ("POST", path) if path.ends_with("/api-keys") => {
            request.json(&json!({ "name": "a", "role": "viewer" }))
        }
        ("POST", path) if path.ends_with("/revocations") => {
            request.json(&json!({ "kind": "subject", "value": format!("nobody-{node}") }))
        }
        ("POST", path) if path.ends_with("/worker-tokens") => {
            request.json(&json!({ "worker_id": "worker-a" }))
        }
        ("POST", "/api/v1/admin/tickets") => {
            request.json(&json!({ "class": "worker-token", "worker_id": "worker-a" }))
        }
        ("POST", "/api/v1/tasks") => request.json(&new_task()),
        ("POST", path) if path.contains("/admin/") || path.contains("/tasks/") => request,
        ("POST", path) if path.ends_with("/prepare-nodes") => {
            request.json(&json!({ "keys": [node] }))
        }
        ("POST", path) if path.ends_with("/commit") => {
            request.json(&json!({ "output": node, "root": node }))
        }
        ("POST", "/api/mcp") => {
            request.json(&json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }))
        }
        ("PATCH", _) => request.json(&json!({ "maxHistory": 5 })),
        ("POST", _) => request.json(&json!({ "input": [] })),
        _ => request,
    }
}

/// A ticket that has ended is 410 wherever it would have been something.
#[tokio::test(flavor = "multi_thread")]
async fn an_ended_ticket_is_gone_on_every_route_of_the_realm() {
    let server = Server::start().await;
    let ticket = server.ticket(As::Api, json!({ "input": [], "writable": {} })).await;
    server.revoke(As::Api, &ticket).await.expect(200);
    for route in carnet_server::routes::all()
        .into_iter()
        .filter(|route| route.path.starts_with("/api/realm"))
    {
        let path = route.path.replace("{realm}", "self").replace("{ticket}", "self");
        let path = path.replace("{key}", &NodeKey::EMPTY_DICT.to_string());
        let path = path.replace("{*steps}", "~0");
        let method = Method::from_bytes(route.method.as_bytes()).unwrap();
        server
            .send(server.request(As::Ticket(&ticket), method, &path))
            .await
            .expect_error(410, "gone");
    }
}

/// Unknown routes are 404 to those who are let in and 401 to others; a wrong method is 405 and says which are
/// right.
#[tokio::test(flavor = "multi_thread")]
async fn routes_that_do_not_exist_and_methods_that_are_not_allowed() {
    let server = Server::start().await;
    for path in ["/", "/api/v1/nothing", "/api/realm", "/api/realm/self/nothing"] {
        server.get(As::Nobody, path).await.expect_error(401, "unauthorized");
        server.get(As::Api, path).await.expect_error(404, "not_found");
    }
    let answer = server.delete(As::Admin, "/api/realm/self/usage").await;
    assert!(answer.header("allow").contains("GET"));
    answer.expect_error(405, "method_not_allowed");
}
