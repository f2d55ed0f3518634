//! `GET /live`, `/ready`, `/health`.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use crate::state::App;

/// 200 while the process serves.
pub(super) async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// 200 when it can do its work, else 503.
pub(super) async fn ready(State(app): State<App>) -> Response {
    let (status, body) = state(&app).await;
    (status, Json(body)).into_response()
}

/// As [`ready`], with version and uptime.
pub(super) async fn health(State(app): State<App>) -> Response {
    let (status, mut body) = state(&app).await;
    body["version"] = Value::from(env!("CARGO_PKG_VERSION"));
    body["uptime_seconds"] = Value::from(app.started().elapsed().as_secs());
    (status, Json(body)).into_response()
}

async fn state(app: &App) -> (StatusCode, Value) {
    let store = match app.store().ping().await {
        Ok(()) => "ok",
        Err(error) => {
            tracing::error!(%error, "the store does not answer");
            "failed"
        }
    };
    let config = if app.is_degraded() { "degraded" } else { "ok" };
    let is_ready = store == "ok" && !app.draining().is_cancelled();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = if is_ready { "ok" } else { "failed" };
    (
        status,
        json!({ "status": word, "checks": { "store": store, "revocations": "ok", "config": config } }),
    )
}
