//! `GET /api/v1/me`: who the caller is.

use axum::Json;
use axum::extract::State;
use carnet_gate::Grant;
use carnet_store::AgentOwner;
use carnet_ticket::verify::Class;
use serde_json::{Value, json};

use crate::auth::{Caller, is_agent, owner};
use crate::problem::Problem;
use crate::state::App;

pub(super) async fn show(
    State(app): State<App>,
    Caller(grant): Caller,
) -> Result<Json<Value>, Problem> {
    let scopes = grant.routes().ok_or(Problem::forbidden())?;
    let kind = match grant.class() {
        Class::ApiKey => "service",
        // Of an operator, or opened with a key.
        Class::Session if grant.subject().is_some_and(|id| id.starts_with("key:")) => "service",
        class if is_agent(class) => "agent",
        _ => "user",
    };
    let roles: Vec<_> = [&scopes.role].into_iter().filter(|role| !role.is_empty()).collect();
    let mut body = json!({
        "kind": kind,
        "id": grant.subject().unwrap_or_default(),
        "roles": roles,
        "scopes": scopes.scopes,
        "tenant_id": scopes.tenant,
        "home_realm": owner_of(&app, &grant).await?.home.to_string(),
        "class": grant.class().as_str(),
    });
    if let Some(moment) = grant.expires().moment() {
        body["expires_at"] = Value::from(moment.to_string());
    }
    Ok(Json(body))
}

/// The caller, or whom it acts for.
async fn owner_of(app: &App, grant: &Grant) -> Result<AgentOwner, Problem> {
    let id = grant.subject().unwrap_or_default();
    let row = match (grant.class(), id.parse(), id.parse()) {
        (Class::AgentToken, Ok(id), _) => app.store().token_agent(id).await?,
        (Class::SignedRequest, _, Ok(id)) => app.store().client_agent(id).await?,
        _ => return owner(grant),
    };
    Ok(row.ok_or(Problem::unauthorized())?.owner)
}
