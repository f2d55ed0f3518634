//! `DELETE /api/realm/{realm}/depots/{depot}`.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::{depot_in_path, event, problem};
use crate::audit::Trail;
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::state::App;

/// Deletes a depot.
pub(in crate::routes) async fn delete(
    State(app): State<App>,
    caller: InRealm,
    Path((_, depot)): Path<(String, String)>,
    trail: Trail,
) -> Result<Json<Value>, Problem> {
    let id = depot_in_path(&depot)?;
    let deleted = app.realms().delete_depot(caller.realm, id, event(&trail, "depot.delete", &id));
    deleted.await.map_err(|error| problem(&caller, error))?;
    Ok(Json(json!({ "success": true })))
}
