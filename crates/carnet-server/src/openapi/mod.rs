//! The description of every route in OpenAPI 3.1.
//!
//! Paths, methods, credentials and refusals come from [`routes::all`] and what each route asks of its caller;
//! what a route takes and gives stands in [`realm`], [`fleet`], [`workers`] and [`control_plane`], a few lines each. That it is true is
//! checked from outside, by requests made of it.

mod control_plane;
mod fleet;
mod operation;
mod realm;
mod schema;
mod tasks;
mod workers;

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use serde_json::{Map, Value, json};

use crate::auth::Access;
use crate::frame::is_realm_tree;
use crate::routes::{self, Route};

use operation::Operation;

/// It never changes while a process runs.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(document().to_string()));

/// `GET /openapi.json`.
pub(crate) async fn show() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.clone()).into_response()
}

/// What a route takes and gives; nothing for one that nobody has described.
fn describe(method: &str, path: &str) -> Option<Operation> {
    realm::describe(method, path)
        .or_else(|| fleet::describe(method, path))
        .or_else(|| tasks::describe(method, path))
        .or_else(|| workers::describe(method, path))
        .or_else(|| control_plane::describe(method, path))
}

fn document() -> Value {
    let mut paths = Map::new();
    for route in routes::all() {
        let Some(operation) = describe(route.method, route.path) else { continue };
        let item = paths.entry(operation::path(&route)).or_insert_with(|| json!({}));
        item[route.method.to_ascii_lowercase()] = operation.render(&route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Carnet",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The control plane, under /api/v1, and the content store, under /api.",
        },
        "paths": paths,
        "components": { "schemas": schema::named_ones(), "securitySchemes": security_schemes() },
    })
}

fn security_schemes() -> Value {
    let header = |name: &str, text: &str| json!({ "type": "apiKey", "in": "header", "name": name, "description": text });
    json!({
        "apiKey": header("X-API-Key", "The key of a service."),
        "adminKey": header("X-Admin-API-Key", "The key of the administrator, or of a service."),
        "workerId": header("X-Worker-ID", "The worker that a token is of."),
        "workerToken": header("X-Worker-Token", "A worker token, or a static one; else as a bearer's."),
        "ticket": header("Authorization", "`Ticket ticket:…`: the id of a task ticket."),
        "user": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
        "agent": header("Authorization", "`Agent casfa_…`: the token of an agent."),
        "client": header("X-AWP-Pubkey", "The key of a client, beside the time, a nonce and its signature."),
    })
}

/// Whether somebody who presents a task ticket may be let in.
const fn takes_tickets(access: Access) -> bool {
    use carnet_ticket::rights::RealmNeed::{Commit, Delegate, Read, Write};
    matches!(access, Access::Realm(Read | Write | Commit | Delegate))
}

/// Whether an agent may be let in.
const fn takes_agents(access: Access) -> bool {
    use carnet_ticket::rights::RealmNeed::{Commit, Delete};
    match access {
        Access::Realm(need) => !matches!(need, Commit | Delete),
        access => matches!(access, Access::Anybody | Access::Task(_) | Access::Submit),
    }
}

/// The credentials that a route takes, any of them.
fn security(route: &Route) -> Value {
    let mut schemes = Vec::new();
    if let Access::Worker(_) = route.access {
        return json!([{ "workerId": [], "workerToken": [] }]);
    }
    if route.access != Access::Public {
        schemes.extend(["apiKey", "adminKey", "user"]);
    }
    if takes_agents(route.access) {
        schemes.extend(["agent", "client"]);
    }
    if takes_tickets(route.access) {
        schemes.push("ticket");
    }
    schemes.into_iter().map(|scheme| json!({ scheme: [] })).collect()
}

/// The statuses with which a route refuses, whatever else it does.
fn refusals(route: &Route) -> &'static [u16] {
    match (route.access, is_realm_tree(route.path)) {
        (Access::Public, _) => &[],
        (Access::Realm(_) | Access::RealmUser(_), _) => &[401, 403, 404, 410, 429],
        _ => &[401, 403, 429],
    }
}
