//! `POST /api/v1/tasks/{task}/cancel`: by who wanted it, or an operator.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use carnet_gate::Grant;
use carnet_store::TaskRow;
use carnet_ticket::verify::Reason;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::task_in_path;
use crate::audit::Trail;
use crate::auth::{Caller, actor};
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;
use crate::tasks::{self, CancelError, shown};

/// The longest reason.
const REASON_LEN_MAX: usize = 512;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Input {
    reason: Option<String>,
}

pub(in crate::routes) async fn cancel(
    State(app): State<App>,
    Caller(grant): Caller,
    Path(id): Path<String>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let Input { reason } = body::json_or_default(&app, &headers, request).await?;
    let row = end(&app, &grant, &trail, &id, reason).await?;
    Ok((StatusCode::ACCEPTED, Json(shown::task(&row))))
}

/// Cancels the task that a path names, for whoever may.
pub(crate) async fn end(
    app: &App,
    grant: &Grant,
    trail: &Trail,
    id: &str,
    reason: Option<String>,
) -> Result<TaskRow, Problem> {
    let row = task_in_path(app, grant, id).await?;
    let is_operator = grant.routes().is_some_and(|scopes| scopes.permits("operator:*").is_ok());
    if !is_operator && row.task.created_by != actor(grant) {
        return Err(grant.deny(Reason::Scope).into());
    }
    if reason.as_ref().is_some_and(|reason| reason.len() > REASON_LEN_MAX) {
        return Err(Problem::invalid("TooLong", "reason"));
    }
    let event = trail.event(Kind::Task, "task.cancel", &row.task.id.to_string());
    match tasks::cancel(app, row.task.id, reason, event).await {
        Ok(row) => Ok(row),
        Err(CancelError::Unknown) => Err(Problem::not_found()),
        Err(CancelError::Final) => Err(Problem::conflict()),
        Err(CancelError::Store(error)) => Err(error.into()),
    }
}
