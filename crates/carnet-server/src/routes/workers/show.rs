//! `GET /api/v1/workers/{id}`.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::Value;

use super::shown;
use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let worker = app.registry().worker(&id).ok_or_else(Problem::not_found)?;
    let shown = shown(&app, &worker).await?;
    shown.map(Json).ok_or_else(Problem::not_found)
}
