//! `GET /api/v1/admin/tickets/{id}`: one entry of the ledger.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::{entry, shown};
use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let entry = entry(&app, &id).await?;
    Ok(Json(json!({ "entry": shown(&app, &entry).await? })))
}
