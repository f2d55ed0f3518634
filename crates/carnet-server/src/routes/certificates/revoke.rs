//! `POST /api/v1/admin/certificates/{serial}/revoke`: refused everywhere from now on.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use http::HeaderMap;
use serde_json::{Value, json};

use super::shown;
use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::body;
use crate::routes::ca::Because;
use crate::state::App;

pub(in crate::routes) async fn revoke(
    State(app): State<App>,
    Path(serial): Path<String>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let serial = serial.parse().map_err(|_| Problem::not_found())?;
    let because: Because = body::json_or_default(&app, &headers, request).await?;
    let revoked = app.ca().revoke(serial, because.checked()?, &trail).await?;
    Ok(Json(json!({ "certificate": shown(&revoked.row, app.clock().now()) })))
}
