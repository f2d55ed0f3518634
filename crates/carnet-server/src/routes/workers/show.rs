//! `GET /api/v1/workers/{id}`.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::Value;

use super::{named, response};
use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    one(&app, &id)
}

/// The worker with this id.
pub(crate) fn one(app: &App, id: &str) -> Result<Json<Value>, Problem> {
    let worker = app.registry().worker(&named(id)?).ok_or_else(Problem::not_found)?;
    response(app, &worker)
}
