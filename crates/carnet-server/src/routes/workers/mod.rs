//! Workers as the registry knows them.

mod list;
mod show;

pub(super) use list::list;
pub(crate) use list::listed;
pub(crate) use show::one;
pub(super) use show::show;

use carnet_store::StoreError;
use carnet_ticket::identity::Member;
use serde_json::{Value, json};

use crate::registry::{Worker, WorkerState};
use crate::state::App;

/// What others see of a worker; nothing of one that has gone.
async fn shown(app: &App, worker: &Worker) -> Result<Option<Value>, StoreError> {
    let Some(said) = &worker.said else { return Ok(None) };
    let (now, lost_after) = (app.clock().now(), app.config().registry.lost_after);
    let identity = worker.row.identity.parse().ok();
    let row = match identity.as_ref().and_then(Member::of) {
        Some(member) => app.store().member(&member).await?,
        None => None,
    };
    let is_quarantined = row.as_ref().is_some_and(|row| row.quarantined_at.is_some());
    let is_suspected = row.as_ref().is_some_and(|row| row.clone_seen_at.is_some());
    let state = worker.state(is_quarantined, now, lost_after);
    let name = worker.row.identity.rsplit('/').next();
    Ok(Some(json!({
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
        "state_reason": is_suspected.then_some("clone_suspected"),
        "stale": state == WorkerState::Lost,
        "instance": worker.beat.instance.as_ref().or(said.instance.as_ref()),
        "bundle_seq": worker.beat.bundle.or(said.bundle),
        "key_ids": worker.beat.key_ids,
        "revocation_seq": worker.beat.revocations,
        "last_heartbeat": worker.heard_at.to_string(),
        "created_at": worker.row.created_at.to_string(),
        "updated_at": worker.row.updated_at.to_string(),
    })))
}
