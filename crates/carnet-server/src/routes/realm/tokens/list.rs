//! `GET /api/auth/tokens`: those that count, newest first.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::shown;
use crate::auth::{Caller, owner};
use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn list(
    State(app): State<App>,
    Caller(grant): Caller,
) -> Result<Json<Value>, Problem> {
    let tokens = app.store().list_tokens(&owner(&grant)?.id, app.clock().now()).await?;
    Ok(Json(json!({ "tokens": tokens.iter().map(shown).collect::<Vec<_>>() })))
}
