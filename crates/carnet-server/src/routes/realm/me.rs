//! `GET /api/oauth/me`: who the caller is in the content store.

use axum::Json;
use carnet_ticket::rights::RealmRole;
use serde_json::{Value, json};

use crate::auth::{Caller, claim, owner};
use crate::problem::Problem;

pub(in crate::routes) async fn me(Caller(grant): Caller) -> Result<Json<Value>, Problem> {
    let scopes = grant.routes().ok_or(Problem::forbidden())?;
    let owner = owner(&grant)?;
    let mut body = json!({
        "userId": owner.id,
        "realm": owner.home.to_string(),
        "role": RealmRole::of_scopes(scopes).as_str(),
    });
    for member in ["email", "name"] {
        if let Some(text) = claim(&grant, member) {
            body[member] = Value::from(text);
        }
    }
    Ok(Json(body))
}
