//! Workers as the registry knows them.

mod list;
mod show;

pub(super) use list::list;
pub(super) use show::show;

use carnet_ticket::time::Timestamp;
use serde_json::{Value, json};

use crate::registry::{Worker, WorkerState};
use crate::state::App;

/// What others see of a worker; nothing of one that has gone.
fn shown(app: &App, worker: &Worker, now: Timestamp) -> Option<Value> {
    let said = worker.said.as_ref()?;
    let lost_after = app.config().registry.lost_after;
    let state = worker.state(now, lost_after);
    let name = worker.row.identity.rsplit('/').next();
    Some(json!({
        "id": worker.row.id.as_str(),
        "name": name,
        "spiffe_id": worker.row.identity,
        "service_type": said.service_type,
        "endpoint": said.endpoint,
        "rpc_url": said.rpc_url,
        "capabilities": said.capabilities,
        "labels": said.labels,
        "capacity": worker.beat.capacity.or(said.capacity),
        "load_score": worker.beat.load_score,
        "active_tasks": worker.beat.active.unwrap_or(0),
        "state": state.as_str(),
        "state_reason": worker.row.state_reason,
        "stale": state == WorkerState::Lost,
        "instance": worker.beat.instance.as_ref().or(said.instance.as_ref()),
        "bundle_seq": worker.beat.bundle.or(said.bundle),
        "key_ids": worker.beat.key_ids,
        "revocation_seq": worker.beat.revocations,
        "last_heartbeat": worker.heard_at.to_string(),
        "created_at": worker.row.created_at.to_string(),
        "updated_at": worker.row.updated_at.to_string(),
    }))
}
