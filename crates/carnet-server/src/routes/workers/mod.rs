//! Workers as the registry knows them.

mod delete;
mod list;
mod order;
mod show;

pub(super) use delete::delete;
pub(super) use list::list;
pub(crate) use list::page;
pub(crate) use order::apply;
pub(super) use order::{cordon, drain, quarantine, release, uncordon};
pub(crate) use show::one;
pub(super) use show::show;

use std::time::Duration;

use axum::Json;
use carnet_ticket::identity::WorkerId;
use carnet_ticket::time::Timestamp;
use http::Uri;
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::registry::{Registration, Reported, Worker};
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
        "spiffe_id": worker.member.as_ref().map(|_| &worker.row.identity),
        "service_type": said.service_type,
        "hostname": hostname(said),
        "endpoint": said.endpoint,
        "rpc_url": said.rpc_url,
        "status": status,
        "providers": said.sandboxes.as_ref().map_or_else(
            || Vec::from_iter(said.rpc_url.is_some().then_some("task")),
            |sandboxes| sandboxes.providers.iter().map(String::as_str).collect(),
        ),
        "capabilities": said.capabilities,
        "labels": said.labels,
        "capacity": capacity(said, beat.capacity),
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

/// The machine that a worker is on: as it says, or where it serves.
fn hostname(said: &Registration) -> Option<String> {
    if let Some(sandboxes) = &said.sandboxes {
        return Some(sandboxes.hostname.clone());
    }
    let endpoint: Uri = said.endpoint.as_ref()?.parse().ok()?;
    endpoint.host().map(str::to_owned)
}

/// How much a worker takes.
fn capacity(said: &Registration, now: Option<u32>) -> Value {
    let mut capacity = json!({ "max_sandboxes": now.or(said.capacity) });
    if let Some(sandboxes) = &said.sandboxes {
        capacity["max_sandboxes_per_owner"] = sandboxes.per_owner.into();
        capacity["preview_domain"] = sandboxes.preview_domain.as_str().into();
        capacity["rpc_url"] = said.rpc_url.as_deref().into();
    }
    capacity
}
