//! `POST /v1/workers/register`: durable before the answer.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::Json;
use http::HeaderMap;
use serde_json::{Value, json};

use super::{BODY_MAX, refused};
use crate::fleet::FleetPeer;
use crate::problem::Problem;
use crate::registry::{Registration, form};
use crate::routes::body;
use crate::state::App;

pub(in crate::fleet) async fn register(
    State(app): State<App>,
    Extension(peer): Extension<FleetPeer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let bytes = body::read(&app, &headers, body, BODY_MAX).await?;
    let (id, registration) = Registration::read(&form::json(&bytes)?)?;
    let registration = registration.beside(app.registry().registration(&id));
    let registered = app.registry().register(id.clone(), registration, peer.speaker()).await;
    registered.map_err(|error| refused(&peer, &error))?;
    Ok(Json(json!({ "status": "registered", "worker_id": id.as_str() })))
}
