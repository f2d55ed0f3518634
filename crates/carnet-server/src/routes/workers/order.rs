//! `POST /api/v1/admin/workers/{id}/cordon`, `/uncordon`, `/drain`: whether a worker is given work. `/quarantine` and
//! `/release`: it loses everything that its identity has, and may be enrolled again.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use carnet_store::{OrderError, WorkerOrder};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{named, one};
use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::body;
use crate::routes::ca::Because;
use crate::state::App;

macro_rules! orders {
    ($($name:ident: $order:ident;)+) => {
        $(pub(in crate::routes) async fn $name(
            State(app): State<App>,
            Path(id): Path<String>,
            trail: Trail,
            headers: HeaderMap,
            request: Body,
        ) -> Result<Json<Value>, Problem> {
            let because = body::json_or_default(&app, &headers, request).await?;
            apply(&app, &id, WorkerOrder::$order, because, &trail).await
        })+
    };
}

orders! {
    cordon: Cordon;
    uncordon: Uncordon;
    drain: Drain;
    quarantine: Quarantine;
    release: Release;
}

/// Does something to a worker, durably and audited. Gives the worker as it is then.
pub(crate) async fn apply(
    app: &App,
    id: &str,
    order: WorkerOrder,
    because: Because,
    trail: &Trail,
) -> Result<Json<Value>, Problem> {
    let (reason, id_named) = (because.checked()?, named(id)?);
    let worker = app.registry().worker(&id_named).ok_or_else(Problem::not_found)?;
    match (order, &worker.member) {
        (WorkerOrder::Quarantine, Some(member)) => {
            app.ca().revoke_member(member, reason, trail).await?;
        }
        (WorkerOrder::Release, Some(member)) => {
            app.ca().release(member, reason.as_deref(), trail).await?;
        }
        _ => {
            let mut event = trail.event(Kind::Ticket, action(order), id);
            event.reason = reason.as_deref().map(Into::into);
            app.registry().order(&id_named, order, reason, event).await?;
            if matches!(order, WorkerOrder::Quarantine) {
                app.hear_revocations().await;
            }
        }
    }
    one(app, id)
}

/// As the audit names it.
const fn action(order: WorkerOrder) -> &'static str {
    match order {
        WorkerOrder::Cordon => "worker.cordon",
        WorkerOrder::Uncordon => "worker.uncordon",
        WorkerOrder::Drain => "worker.drain",
        WorkerOrder::Quarantine => "worker.quarantine",
        WorkerOrder::Release => "worker.release",
    }
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
