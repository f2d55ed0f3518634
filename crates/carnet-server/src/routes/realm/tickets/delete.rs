//! `DELETE /api/realm/{realm}/tickets/{ticket}`.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::ticket_in_path;
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::state::App;

/// Deletes a ticket, whoever issued it. What it uploaded stays.
pub(in crate::routes) async fn delete(
    State(app): State<App>,
    caller: InRealm,
    Path((_, ticket)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let id = ticket_in_path(&caller, &ticket)?;
    if app.realms().delete_ticket(caller.realm, id).await? {
        Ok(Json(json!({ "success": true })))
    } else {
        Err(Problem::not_found())
    }
}
