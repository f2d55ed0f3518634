//! `GET /api/auth/clients/{id}`: whether a client is approved, for whoever polls.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use carnet_ticket::realm::ClientId;
use http::StatusCode;
use serde_json::json;

use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn show(
    State(app): State<App>,
    Path(client): Path<String>,
) -> Result<Response, Problem> {
    let Ok(id) = client.parse::<ClientId>() else { return Ok(not_found()) };
    let now = app.clock().now();
    if let Some(client) = app.store().client(id, now).await? {
        return Ok(Json(json!({
            "status": "authorized",
            "clientId": id.to_string(),
            "clientName": client.name,
            "expiresAt": client.expires_at.0,
        }))
        .into_response());
    }
    let pending = app.store().pending_client(id, now).await?;
    Ok(pending.map_or_else(not_found, |pending| {
        Json(json!({
            "status": "pending",
            "clientId": id.to_string(),
            "expiresAt": pending.expires_at.0,
        }))
        .into_response()
    }))
}

/// A state like the others, and an error.
fn not_found() -> Response {
    let body = json!({ "status": "not_found", "error": "not_found", "message": "not found" });
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}
