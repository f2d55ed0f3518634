//! `POST /api/v1/admin/tickets/{id}/revoke`: ends a ticket of the ledger, with everything derived from it.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_authority::ledger::LedgerEntry;
use carnet_store::Revoked;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{entry, selector};
use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::{body, revocations};
use crate::state::App;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Input {
    reason: Option<String>,
}

pub(in crate::routes) async fn revoke(
    State(app): State<App>,
    Path(id): Path<String>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let entry = entry(&app, &id).await?;
    let Input { reason } = body::json_or_default(&app, &headers, request).await?;
    let revoked = end(&app, &trail, &entry, reason).await?;
    Ok(Json(json!({ "revocation": revocations::shown(&revoked.row) })))
}

/// Revokes what an entry of the ledger describes.
pub(crate) async fn end(
    app: &App,
    trail: &Trail,
    entry: &LedgerEntry,
    reason: Option<String>,
) -> Result<Revoked, Problem> {
    let (selector, end) = selector(entry);
    revocations::put_in_force(app, trail, selector, reason, end).await
}
