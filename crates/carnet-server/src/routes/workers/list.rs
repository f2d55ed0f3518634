//! `GET /api/v1/workers`, by id.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::shown;
use crate::state::App;

pub(in crate::routes) async fn list(State(app): State<App>) -> Json<Value> {
    let now = app.clock().now();
    let workers = app.registry().workers();
    let shown: Vec<_> = workers.iter().filter_map(|worker| shown(&app, worker, now)).collect();
    Json(json!({ "workers": shown, "next_cursor": null }))
}
