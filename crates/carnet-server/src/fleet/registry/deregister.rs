//! `DELETE /v1/workers/{id}` and `/deregister/{id}`: a worker goes. One that was never there has gone as well.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Json;
use serde_json::{Value, json};

use super::{refused, worker_id};
use crate::fleet::FleetPeer;
use crate::problem::Problem;
use crate::state::App;

pub(in crate::fleet) async fn deregister(
    State(app): State<App>,
    Extension(peer): Extension<FleetPeer>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id = worker_id(&id)?;
    let gone = app.registry().deregister(&id, peer.speaker()).await;
    gone.map_err(|error| refused(&peer, &error))?;
    Ok(Json(json!({ "status": "deregistered", "worker_id": id.as_str() })))
}
