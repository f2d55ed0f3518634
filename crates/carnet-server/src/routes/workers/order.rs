//! `POST /api/v1/admin/workers/{id}/cordon`, `/uncordon`, `/drain`: whether a worker is given work.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use carnet_store::{OrderError, WorkerOrder};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{named, response};
use crate::audit::Trail;
use crate::problem::Problem;
use crate::registry::Worker;
use crate::routes::body;
use crate::routes::ca::Because;
use crate::state::App;

/// What a handler of these is handed.
type Asked = (State<App>, Path<String>, Trail, HeaderMap, Body);

pub(in crate::routes) async fn cordon(
    app: State<App>,
    id: Path<String>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    ordered((app, id, trail, headers, request), WorkerOrder::Cordon, "worker.cordon").await
}

pub(in crate::routes) async fn uncordon(
    app: State<App>,
    id: Path<String>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    ordered((app, id, trail, headers, request), WorkerOrder::Uncordon, "worker.uncordon").await
}

pub(in crate::routes) async fn drain(
    app: State<App>,
    id: Path<String>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    ordered((app, id, trail, headers, request), WorkerOrder::Drain, "worker.drain").await
}

async fn ordered(asked: Asked, order: WorkerOrder, action: &str) -> Result<Json<Value>, Problem> {
    let (State(app), Path(id), trail, headers, request) = asked;
    let because: Because = body::json_or_default(&app, &headers, request).await?;
    let worker = set(&app, &id, order, because.checked()?, &trail, action).await?;
    response(&app, &worker)
}

/// Does something to a worker; it is audited as `action`.
pub(super) async fn set(
    app: &App,
    id: &str,
    order: WorkerOrder,
    reason: Option<String>,
    trail: &Trail,
    action: &str,
) -> Result<Worker, Problem> {
    let mut event = trail.event(Kind::Ticket, action, id);
    event.reason = reason.as_deref().map(Into::into);
    Ok(app.registry().order(&named(id)?, order, reason, event).await?)
}

impl From<OrderError> for Problem {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::NotQuarantined => Self::other(
                StatusCode::CONFLICT,
                "not_quarantined",
                "the worker is not quarantined",
            ),
            OrderError::Store(error) => error.into(),
            _ => Self::not_found(),
        }
    }
}
