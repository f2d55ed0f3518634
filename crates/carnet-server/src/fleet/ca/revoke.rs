//! `DELETE /certificates/{serial}`: refused everywhere, and what lives under it has ended, before the answer.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Json;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    reason: Option<String>,
}

pub(in crate::fleet) async fn revoke(
    State(app): State<App>,
    Path(serial): Path<String>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let input: Input = body::json_or_default(&app, &headers, request).await?;
    let serial = serial.parse().map_err(|_| Problem::not_found())?;
    app.ca().revoke(serial, input.reason, &trail).await?;
    Ok(Json(json!({ "status": "success", "serial_number": serial.to_string(), "revoked": true })))
}
