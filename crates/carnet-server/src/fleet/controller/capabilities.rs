//! `GET /capabilities`: what workers can do, and how many of them.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Json;
use serde_json::{Value, json};

use crate::registry::WorkerState;
use crate::state::App;

pub(in crate::fleet) async fn capabilities(State(app): State<App>) -> Json<Value> {
    let (now, lost_after) = (app.clock().now(), app.config().registry.lost_after);
    let mut counts = BTreeMap::<String, (u64, u64)>::new();
    app.registry().for_each(|worker| {
        let is_healthy = worker.state(now, lost_after) == WorkerState::Online;
        for key in worker.keys() {
            let (all, healthy) = counts.entry(key).or_default();
            *all += 1;
            *healthy += u64::from(is_healthy);
        }
    });
    let counts: BTreeMap<_, _> = counts
        .into_iter()
        .map(|(key, (all, healthy))| (key, json!({ "workers": all, "healthy_workers": healthy })))
        .collect();
    Json(json!({ "capabilities": counts }))
}
