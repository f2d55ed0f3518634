//! `POST /api/v1/worker/{id}/tasks/{task}/events`: what a worker says of a task that it has.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use carnet_store::ReportError;
use carnet_ticket::task::{LEASE_HEADER, LeaseMark, Report, TaskId};
use http::{HeaderMap, StatusCode};

use crate::audit::Trail;
use crate::fleet::FleetPeer;
use crate::fleet::registry::{own, refused, worker_id};
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;
use crate::tasks;

pub(crate) async fn report(
    State(app): State<App>,
    Extension(peer): Extension<FleetPeer>,
    Path((id, task)): Path<(String, String)>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<StatusCode, Problem> {
    let id = worker_id(&id)?;
    own(&peer, &id)?;
    let owned = app.registry().own(&id, peer.speaker());
    owned.map_err(|error| refused(&peer, &error))?;
    let task: TaskId = task.parse().map_err(|_| Problem::not_found())?;
    let mark = headers.get(LEASE_HEADER).and_then(|mark| mark.to_str().ok()?.parse().ok());
    let mark: LeaseMark = mark.ok_or_else(|| Problem::invalid("Missing", LEASE_HEADER))?;
    let bytes = body::read(&app, &headers, request, Report::LEN_MAX as u64).await?;
    let report = serde_json::from_slice(&bytes).map_err(|_| Problem::invalid("Json", "body"))?;
    let event = trail.event(Kind::Task, "task.report", &task.to_string());
    match tasks::report(&app, (task, id), mark, report, event).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(ReportError::Unknown) => Err(Problem::not_found()),
        Err(ReportError::StaleLease) => Err(super::stale_lease(&peer)),
        Err(ReportError::NotCommitted) => Err(Problem::other(
            StatusCode::CONFLICT,
            "not_committed",
            "the ticket of the attempt has no output",
        )),
        Err(ReportError::Store(error)) => Err(error.into()),
        Err(_) => Err(Problem::internal()),
    }
}
