//! The routes of every worker: `/health`, `/status`, `/metrics`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use carnet_ticket::identity::CapabilityId;
use serde_json::{Value, json};

use super::access::answer;
use crate::health::{Health, Status};
use crate::metrics;

/// What they tell.
pub(super) struct Core {
    pub(super) health: Arc<Health>,
    pub(super) capabilities: Vec<CapabilityId>,
}

pub(super) async fn health(State(core): State<Arc<Core>>) -> (StatusCode, Json<Value>) {
    let health = &core.health;
    let status = health.status();
    let http =
        if status == Status::Healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "status": status.as_str(),
        "worker_id": health.worker_id().as_str(),
        "uptime_seconds": health.uptime().as_secs(),
        "timestamp": health.now().to_string(),
        "details": {
            "revocations": if health.gate().is_stale() { "stale" } else { "ok" },
            "registration": health.registration().as_str(),
            "certificate_expires_at": health.certificate_expires_at().map(|at| at.to_string()),
        },
    });
    (http, Json(body))
}

pub(super) async fn status(State(core): State<Arc<Core>>) -> Json<Value> {
    let capabilities: Vec<_> = core.capabilities.iter().map(CapabilityId::as_str).collect();
    Json(json!({
        "worker_id": core.health.worker_id().as_str(),
        "capabilities": capabilities,
        "uptime_seconds": core.health.uptime().as_secs(),
        "health_status": core.health.status().as_str(),
    }))
}

pub(super) async fn metrics(State(core): State<Arc<Core>>) -> Response {
    let text = metrics::render(&core.health);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

pub(super) async fn not_found() -> Response {
    answer(StatusCode::NOT_FOUND, "Not Found")
}

pub(super) async fn method_not_allowed() -> Response {
    answer(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}
