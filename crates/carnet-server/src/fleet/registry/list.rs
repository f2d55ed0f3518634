//! `GET /v1/workers`: those that were heard lately, by what they are for.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Json;
use serde_json::{Value, json};

use crate::state::App;

pub(in crate::fleet) async fn list(State(app): State<App>) -> Json<Value> {
    let (now, lost_after) = (app.clock().now(), app.config().registry.lost_after);
    let mut by_type = BTreeMap::<String, Vec<Value>>::new();
    app.registry().for_each(|worker| {
        let is_fresh = now.since(worker.heard_at) < lost_after;
        let Some(said) = worker.said.as_ref().filter(|_| is_fresh) else { return };
        by_type.entry(said.service_type.clone()).or_default().push(json!({
            "worker_id": worker.row.id.as_str(),
            "endpoint": said.endpoint,
            "capabilities": said.capabilities,
            "last_seen": worker.heard_at.to_string(),
            "load_score": worker.beat.load_score,
        }));
    });
    Json(json!({ "workers": by_type }))
}
