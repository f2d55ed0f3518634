//! `DELETE /v1/workers/{id}` and `/deregister/{id}`: a worker goes. One that was never there has gone as well.

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Json;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{refused, worker_id};
use crate::fleet::FleetPeer;
use crate::problem::Problem;
use crate::state::App;

/// The process that goes, where it says; Carnet's own.
#[derive(Deserialize)]
pub(in crate::fleet) struct Params {
    instance: Option<String>,
}

pub(in crate::fleet) async fn deregister(
    State(app): State<App>,
    Extension(peer): Extension<FleetPeer>,
    Path(id): Path<String>,
    params: Result<Query<Params>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let id = worker_id(&id)?;
    let instance = params.ok().and_then(|Query(params)| params.instance);
    let gone = app.registry().deregister(&id, peer.speaker(), instance.as_deref()).await;
    gone.map_err(|error| refused(&peer, &error))?;
    Ok(Json(json!({ "status": "deregistered", "worker_id": id.as_str() })))
}
