//! `GET /health/live`, `/health/ready`.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Json;
use serde_json::{Value, json};

use crate::state::App;

pub(in crate::fleet) async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

pub(in crate::fleet) async fn ready(State(app): State<App>) -> Json<Value> {
    let workers = app.registry().workers();
    let types: BTreeSet<_> = workers
        .iter()
        .filter_map(|worker| worker.said.as_ref())
        .map(|said| &said.service_type)
        .collect();
    Json(json!({
        "status": "ready",
        "worker_count": workers.len(),
        "service_types": types,
        "protocols_supported": ["REST"],
    }))
}
