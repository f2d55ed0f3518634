//! `/api`: the content store. Source: realm spec, section 5.

pub(super) mod clients;
pub(super) mod depots;
mod me;
pub(super) mod nodes;
pub(super) mod storage;
pub(super) mod tickets;
pub(super) mod tokens;
pub(super) mod users;

pub(super) use me::me;
pub(crate) use tickets::shown_id;

use axum::Json;
use axum::extract::State;
use carnet_config::BlobsKind;
use carnet_realm::realms::ScopeError;
use http::StatusCode;
use serde_json::{Value, json};

use crate::auth::InRealm;
use crate::problem::Problem;
use crate::state::App;

/// The most characters of a name.
const NAME_MAX: usize = 100;

/// `GET /api/health`.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok", "service": "casfa-v2" }))
}

/// `GET /api/info`: what this server is and takes.
pub(super) async fn info(State(app): State<App>) -> Json<Value> {
    let (config, options) = (app.config(), app.realms().options());
    let realm = &config.realm;
    let has_users = app.users().is_on();
    Json(json!({
        "service": "casfa-v2",
        "server": "carnet",
        "version": env!("CARGO_PKG_VERSION"),
        "storage": match config.blobs.kind {
            BlobsKind::Local => "fs",
            BlobsKind::S3 => "s3",
            BlobsKind::Memory => "memory",
        },
        "auth": if has_users { "mock" } else { "tokens-only" },
        "database": "local",
        "limits": {
            "maxNodeSize": options.limits.node_limit,
            "maxNameBytes": options.limits.max_name_bytes,
            "maxCollectionChildren": options.limits.max_children,
            "maxPayloadSize": realm.max_body.0,
            "maxTicketTtl": options.max_ticket_ttl.as_secs(),
            "maxAgentTokenTtl": realm.max_agent_token_ttl.as_secs(),
        },
        "features": {
            "jwtAuth": realm.jwt_auth && has_users,
            "oauthLogin": false,
            "awpAuth": realm.awp_auth,
        },
    }))
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
    let quota = app.realms().quota(&caller.realm).await?;
    Ok(Json(json!({
        "realm": caller.echo,
        "physicalBytes": usage.physical,
        "logicalBytes": usage.logical,
        "nodeCount": usage.nodes,
        "quotaLimit": quota.unwrap_or(0),
        "updatedAt": usage.updated_at.0,
    })))
}

/// What somebody calls something of its own: 1 to 100 characters that can be shown.
fn checked_name(name: String, field: &str) -> Result<String, Problem> {
    let is_name =
        (1..=NAME_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    is_name.then_some(name).ok_or_else(|| Problem::invalid("BadName", field))
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
