//! Workers as the registry knows them.

mod delete;
mod list;
mod order;
mod quarantine;
mod show;

pub(super) use delete::delete;
pub(super) use list::list;
pub(super) use order::{cordon, drain, uncordon};
pub(super) use quarantine::{quarantine, release};
pub(super) use show::show;

use std::time::Duration;

use axum::Json;
use carnet_ticket::identity::WorkerId;
use carnet_ticket::time::Timestamp;
use http::Uri;
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::registry::{Reported, Worker};
use crate::state::App;

/// The worker that a path names; one that cannot be is nobody.
fn named(id: &str) -> Result<WorkerId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

/// An answer that is a worker.
pub(crate) fn response(app: &App, worker: &Worker) -> Result<Json<Value>, Problem> {
    let (now, lost_after) = (app.clock().now(), app.config().registry.lost_after);
    shown(worker, now, lost_after).map(Json).ok_or_else(Problem::not_found)
}

/// What others see of a worker; nothing of one that has gone.
fn shown(worker: &Worker, now: Timestamp, lost_after: Duration) -> Option<Value> {
    let (said, beat, leaf) = (worker.said.as_ref()?, &worker.beat, worker.leaf.as_ref());
    let state = worker.state(now, lost_after);
    let status = match beat.state.unwrap_or_default() {
        Reported::Online => "online",
        Reported::Draining => "draining",
    };
    Some(json!({
        "id": worker.row.id.as_str(),
        "name": worker.row.identity.rsplit('/').next(),
        "spiffe_id": worker.row.identity,
        "service_type": said.service_type,
        "hostname": said.endpoint.parse::<Uri>().ok().as_ref().and_then(Uri::host),
        "endpoint": said.endpoint,
        "rpc_url": said.rpc_url,
        "status": status,
        "providers": if said.rpc_url.is_some() { &["task"][..] } else { &[] },
        "capabilities": said.capabilities,
        "labels": said.labels,
        "capacity": { "max_sandboxes": beat.capacity.or(said.capacity) },
        "load_score": beat.load_score,
        "active_tasks": worker.active(),
        "state": state.as_str(),
        "state_reason": worker.state_reason(),
        "stale": now.since(worker.heard_at) >= lost_after,
        "instance": beat.instance.as_ref().or(said.instance.as_ref()),
        "serial": leaf.map(|leaf| &leaf.serial),
        "cert_expires_at": leaf.map(|leaf| leaf.not_after.to_string()),
        "bundle_seq": beat.bundle.or(said.bundle),
        "key_ids": beat.key_ids,
        "revocation_seq": beat.revocations,
        "last_heartbeat": worker.heard_at.to_string(),
        "created_at": worker.row.created_at.to_string(),
        "updated_at": worker.row.updated_at.to_string(),
    }))
}
