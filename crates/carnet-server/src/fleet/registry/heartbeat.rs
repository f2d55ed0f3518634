//! `POST /v1/workers/{id}/heartbeat`: a form, kept in memory.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Json, Response};
use carnet_ticket::identity::WorkerId;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::{BODY_MAX, heard, refused, worker_id};
use crate::fleet::FleetPeer;
use crate::problem::Problem;
use crate::registry::Beat;
use crate::routes::body;
use crate::state::App;

const STATE: HeaderName = HeaderName::from_static("carnet-state");
const BUNDLE: HeaderName = HeaderName::from_static("carnet-bundle-seq");
const REVOCATIONS: HeaderName = HeaderName::from_static("carnet-revocation-seq");
const INTERVAL: HeaderName = HeaderName::from_static("carnet-heartbeat-interval");

pub(in crate::fleet) async fn heartbeat(
    State(app): State<App>,
    Extension(peer): Extension<FleetPeer>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let bytes = body::read(&app, &headers, body, BODY_MAX).await?;
    let beat = Beat::read(&headers, bytes).await?;
    let id = worker_id(&id)?;
    let service_type = beat.service_type.clone();
    let change = |known: &mut Beat| *known = beat;
    let known = app.registry().heard(&id, peer.speaker(), Some(&service_type), change);
    let is_alive = heard("platform", known).map_err(|error| refused(&peer, &error))?;
    let answer =
        json!({ "status": "heartbeat_recorded", "worker_id": id.as_str(), "alive": is_alive });
    let mut response = Json(answer).into_response();
    tell(&app, response.headers_mut(), &id);
    Ok(response)
}

/// What a worker has to know of the control plane: how it counts here, and how new its knowledge should be.
pub(super) fn tell(app: &App, headers: &mut HeaderMap, id: &WorkerId) {
    let config = app.config();
    if let Some(state) = app.registry().state(id, config.registry.lost_after) {
        headers.insert(STATE, HeaderValue::from_static(state.as_str()));
    }
    headers.insert(BUNDLE, app.ca().authority().bundle().sequence.into());
    headers.insert(REVOCATIONS, app.gate().revocations().seq().into());
    headers.insert(INTERVAL, config.registry.heartbeat_interval.as_secs().into());
}
