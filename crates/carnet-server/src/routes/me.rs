//! `GET /api/v1/me`: who the caller is.

use axum::Json;
use carnet_ticket::verify::Class;
use serde_json::{Value, json};

use crate::auth::{Caller, home_realm};
use crate::problem::Problem;

pub(super) async fn show(Caller(grant): Caller) -> Result<Json<Value>, Problem> {
    let scopes = grant.routes().ok_or(Problem::forbidden())?;
    let id = grant.subject().unwrap_or_default();
    let kind = if grant.class() == Class::ApiKey { "service" } else { "user" };
    let mut body = json!({
        "kind": kind,
        "id": id,
        "roles": [scopes.role],
        "scopes": scopes.scopes,
        "tenant_id": scopes.tenant,
        "home_realm": home_realm(grant.class(), scopes, id).to_string(),
        "class": grant.class().as_str(),
    });
    if let Some(moment) = grant.expires().moment() {
        body["expires_at"] = Value::from(moment.to_string());
    }
    Ok(Json(body))
}
