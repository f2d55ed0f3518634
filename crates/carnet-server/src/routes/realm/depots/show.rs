//! `GET /api/realm/{realm}/depots/{depot}`.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::Value;

use super::{depot_in_path, shown};
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::state::App;

/// A depot.
pub(in crate::routes) async fn show(
    State(app): State<App>,
    caller: InRealm,
    Path((_, depot)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let id = depot_in_path(&depot)?;
    let row = app.realms().depot(&caller.realm, &id).await?.ok_or(Problem::not_found())?;
    Ok(Json(shown(&row)))
}
