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
    one(&app, &id).await.map(Json)
}

/// The worker with this id, as it is shown.
pub(crate) async fn one(app: &App, id: &str) -> Result<Value, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let worker = app.registry().worker(&id).ok_or_else(Problem::not_found)?;
    shown(app, &worker).await?.ok_or_else(Problem::not_found)
}
