//! `GET /api/v1/workers`, by id.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::shown;
use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn list(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let workers = listed(&app).await?;
    Ok(Json(json!({ "workers": workers, "next_cursor": null })))
}

/// Every worker, as it is shown.
pub(crate) async fn listed(app: &App) -> Result<Vec<Value>, Problem> {
    let mut workers = Vec::new();
    for worker in app.registry().workers() {
        workers.extend(shown(app, &worker).await?);
    }
    Ok(workers)
}
