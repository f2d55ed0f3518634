//! `GET /workers`, by id.

use axum::extract::State;
use axum::response::Json;
use serde_json::{Value, json};

use crate::registry::WorkerState;
use crate::state::App;

pub(in crate::fleet) async fn list(State(app): State<App>) -> Json<Value> {
    let (now, lost_after) = (app.clock().now(), app.config().registry.lost_after);
    let mut workers = Vec::new();
    app.registry().for_each(|worker| {
        let said = worker.said.as_ref();
        workers.push(json!({
            "worker_id": worker.row.id.as_str(),
            "worker_url": said.and_then(|said| said.endpoint.as_ref()),
            "is_healthy": worker.state(now, lost_after) == WorkerState::Online,
            "last_heartbeat": worker.heard_at.to_string(),
            "capabilities": worker.keys().collect::<Vec<_>>(),
        }));
    });
    Json(json!({ "workers": workers }))
}
