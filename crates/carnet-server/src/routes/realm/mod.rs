//! `/api`: the content store. Source: realm spec, section 5.

pub(super) mod depots;
pub(super) mod nodes;
pub(super) mod storage;
pub(super) mod tickets;

use axum::Json;
use axum::extract::State;
use carnet_config::BlobsKind;
use carnet_realm::realms::ScopeError;
use carnet_ticket::verify::Class;
use http::StatusCode;
use serde_json::{Value, json};

use crate::auth::{Caller, InRealm, home_realm};
use crate::problem::Problem;
use crate::state::App;

/// `GET /api/health`.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok", "service": "casfa-v2" }))
}

/// `GET /api/info`: what this server is and takes.
pub(super) async fn info(State(app): State<App>) -> Json<Value> {
    let (realm, options) = (&app.config().realm, app.realms().options());
    Json(json!({
        "service": "casfa-v2",
        "server": "carnet",
        "version": env!("CARGO_PKG_VERSION"),
        "storage": match app.config().blobs.kind {
            BlobsKind::Local => "fs",
            BlobsKind::S3 => "s3",
            BlobsKind::Memory => "memory",
        },
        "auth": "tokens-only",
        "database": "local",
        "limits": {
            "maxNodeSize": options.limits.node_limit,
            "maxNameBytes": options.limits.max_name_bytes,
            "maxCollectionChildren": options.limits.max_children,
            "maxPayloadSize": realm.max_body.0,
            "maxTicketTtl": options.max_ticket_ttl.as_secs(),
        },
        "features": { "jwtAuth": false, "oauthLogin": false, "awpAuth": false },
    }))
}

/// `GET /api/oauth/me`: who the caller is in the content store.
pub(super) async fn me(Caller(grant): Caller) -> Result<Json<Value>, Problem> {
    let scopes = grant.routes().ok_or(Problem::forbidden())?;
    let role = match scopes.role.as_str() {
        "admin" => "admin",
        _ if scopes.scopes.contains(&"read:*") => "authorized",
        _ => "unauthorized",
    };
    let subject = grant.subject().unwrap_or_default();
    let realm = home_realm(grant.class(), scopes, subject).to_string();
    // A user is named as its realm.
    let user_id = if grant.class() == Class::ApiKey { subject } else { &realm };
    Ok(Json(json!({ "userId": user_id, "realm": realm, "role": role })))
}

/// `GET /api/realm/{realm}`.
pub(super) async fn show(State(app): State<App>, caller: InRealm) -> Json<Value> {
    let limits = app.realms().limits();
    Json(json!({
        "realm": caller.echo,
        "nodeLimit": limits.node_limit,
        "maxNameBytes": limits.max_name_bytes,
    }))
}

/// `GET /api/realm/{realm}/usage`.
pub(super) async fn usage(State(app): State<App>, caller: InRealm) -> Result<Json<Value>, Problem> {
    let usage = app.realms().usage(&caller.realm).await?;
    Ok(Json(json!({
        "realm": caller.echo,
        "physicalBytes": usage.physical,
        "logicalBytes": usage.logical,
        "nodeCount": usage.nodes,
        "quotaLimit": app.realms().options().quota.unwrap_or(0),
        "updatedAt": usage.updated_at.0,
    })))
}

/// What a caller learns when it is not decided, or decided against it, what a ticket reaches.
fn scope_problem(caller: &InRealm, error: ScopeError) -> Problem {
    let out = || Problem::from(caller.grant.deny(carnet_ticket::verify::Reason::Scope));
    match error {
        ScopeError::OutOfScope => out(),
        ScopeError::TooWide => out().with(json!({ "hint": "walk" })),
        ScopeError::Undecided => {
            let mut problem = Problem::other(
                StatusCode::SERVICE_UNAVAILABLE,
                "scope_undecided",
                "not decided yet whether the ticket reaches the node; try again",
            );
            problem.retry_after = Some(std::time::Duration::from_secs(1));
            problem
        }
        ScopeError::Store(error) => error.into(),
        _ => Problem::internal(),
    }
}

/// 400 with the nodes that are missing, in the order of the request.
fn missing_nodes(keys: &[carnet_ticket::realm::NodeKey]) -> Problem {
    Problem::other(StatusCode::BAD_REQUEST, "missing_nodes", "nodes are missing")
        .with(json!({ "missing": keys }))
}
