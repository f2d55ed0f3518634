//! `POST /api/v1/admin/keys/{id}/promote`: a staged key signs; the one that signed goes on verifying.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use http::HeaderMap;
use serde_json::{Value, json};

use super::{Input, key_id, shown};
use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

/// Every member of the fleet has to know the key. While no worker is registered that is this process, which does.
pub(in crate::routes) async fn promote(
    State(app): State<App>,
    Path(id): Path<String>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let id = key_id(&id)?;
    let Input { .. } = body::json_or_default(&app, &headers, request).await?;
    let event = trail.event(Kind::Key, "key.promote", &id.to_string());
    let info = app.authority().promote(id, app.clock().now(), event).await?;
    Ok(Json(json!({ "key": shown(&info) })))
}
