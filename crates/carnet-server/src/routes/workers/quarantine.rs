//! `POST /api/v1/admin/workers/{id}/quarantine` and `/release`: a worker loses everything that its identity has, and
//! may be enrolled again.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_store::WorkerOrder;
use http::HeaderMap;
use serde_json::Value;

use super::{named, order, response};
use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::body;
use crate::routes::ca::Because;
use crate::state::App;

pub(in crate::routes) async fn quarantine(
    State(app): State<App>,
    Path(id): Path<String>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let because: Because = body::json_or_default(&app, &headers, request).await?;
    let reason = because.checked()?;
    let worker = app.registry().worker(&named(&id)?).ok_or_else(Problem::not_found)?;
    if let Some(member) = &worker.member {
        app.ca().revoke_member(member, reason, &trail).await?;
    } else {
        let (order, action) = (WorkerOrder::Quarantine, "worker.quarantine");
        order::set(&app, &id, order, reason, &trail, action).await?;
        app.hear_revocations().await;
    }
    again(&app, &id)
}

pub(in crate::routes) async fn release(
    State(app): State<App>,
    Path(id): Path<String>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let because: Because = body::json_or_default(&app, &headers, request).await?;
    let reason = because.checked()?;
    let worker = app.registry().worker(&named(&id)?).ok_or_else(Problem::not_found)?;
    if let Some(member) = &worker.member {
        app.ca().release(member, reason.as_deref(), &trail).await?;
    } else {
        order::set(&app, &id, WorkerOrder::Release, reason, &trail, "worker.release").await?;
    }
    again(&app, &id)
}

/// The worker as it is now.
fn again(app: &App, id: &str) -> Result<Json<Value>, Problem> {
    let worker = app.registry().worker(&named(id)?).ok_or_else(Problem::not_found)?;
    response(app, &worker)
}
