//! `GET /api/v1/tasks/{task}`.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::Value;

use super::task_in_path;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::state::App;
use crate::tasks::shown;

pub(in crate::routes) async fn show(
    State(app): State<App>,
    Caller(grant): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let row = task_in_path(&app, &grant, &id).await?;
    Ok(Json(shown::task(&row)))
}
