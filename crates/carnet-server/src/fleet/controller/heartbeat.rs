//! `POST /heartbeat`: that a worker is there, and no more.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Json, Response};
use carnet_ticket::identity::WorkerId;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::fleet::FleetPeer;
use crate::fleet::registry::{heard, refused};
use crate::problem::Problem;
use crate::registry::form::{self, Members};
use crate::state::App;

pub(in crate::fleet) async fn heartbeat(
    State(app): State<App>,
    Extension(peer): Extension<FleetPeer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let body = super::json(&app, &headers, body).await?;
    if !body.is_object() {
        return Err(form::unprocessable(vec![form::no_object(&body)]));
    }
    let mut members = Members::of(&body);
    let id = members.text("worker_id");
    let faults = members.faults();
    if !faults.is_empty() {
        return Err(form::unprocessable(faults));
    }
    // An id that cannot be is nobody's.
    let is_known = match id.parse::<WorkerId>() {
        Ok(id) => heard("controller", app.registry().heard(&id, peer.speaker(), None, |_| {}))
            .map_err(|error| refused(&peer, &error))?,
        Err(_) => false,
    };
    if !is_known {
        let unknown = json!({ "status": "unknown_worker", "acknowledged": false });
        return Ok((StatusCode::NOT_FOUND, Json(unknown)).into_response());
    }
    Ok(Json(json!({ "status": "ok", "acknowledged": true })).into_response())
}
