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
    let (mut count, mut types) = (0, BTreeSet::new());
    app.registry().for_each(|worker| {
        count += 1;
        let said = worker.said.as_ref().map(|said| &said.service_type);
        if let Some(service_type) = said.filter(|known| !types.contains(*known)) {
            types.insert(service_type.clone());
        }
    });
    Json(json!({
        "status": "ready",
        "worker_count": count,
        "service_types": types,
        "protocols_supported": ["REST"],
    }))
}
