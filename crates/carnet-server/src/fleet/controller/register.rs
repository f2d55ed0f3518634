//! `POST /register`: durable before the answer.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::Json;
use http::HeaderMap;
use serde_json::{Value, json};

use crate::fleet::FleetPeer;
use crate::fleet::registry::refused;
use crate::problem::Problem;
use crate::registry::ControllerForm;
use crate::state::App;

pub(in crate::fleet) async fn register(
    State(app): State<App>,
    Extension(peer): Extension<FleetPeer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let form = ControllerForm::read(&super::json(&app, &headers, body).await?)?;
    let (id, count) = (form.worker_id.clone(), form.count());
    let registration = form.registration(app.registry().registration(&id));
    let registered = app.registry().register(id.clone(), registration, peer.speaker()).await;
    registered.map_err(|error| refused(&peer, &error))?;
    Ok(Json(json!({
        "status": "registered",
        "worker_id": id.as_str(),
        "capabilities_registered": count,
    })))
}
