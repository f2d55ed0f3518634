//! `POST /api/v1/worker/{id}/heartbeat`: as workers of StacyVM say that they are there. Who says something new of
//! itself registers by it.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;

use super::heartbeat::tell;
use super::{BODY_MAX, heard, own, refused, worker_id};
use crate::fleet::FleetPeer;
use crate::problem::Problem;
use crate::registry::SandboxBeat;
use crate::routes::{body, workers};
use crate::state::App;

pub(crate) async fn sandboxes(
    State(app): State<App>,
    Extension(peer): Extension<FleetPeer>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let bytes = body::read(&app, &headers, body, BODY_MAX).await?;
    let id = worker_id(&id)?;
    let speaker = peer.speaker();
    own(&peer, &id)?;
    app.registry().owned(&id, speaker).map_err(|error| refused(&peer, &error))?;
    let beat = SandboxBeat::read(&bytes)?;
    let known = app.registry().registration(&id);
    let registration = beat.registration(known.clone());
    if known.as_ref() != Some(&registration) {
        let registered = app.registry().register(id.clone(), registration, speaker).await;
        registered.map_err(|error| refused(&peer, &error))?;
    }
    let known = app.registry().heard(&id, speaker, None, |known| beat.change(known));
    heard("sandboxes", known).map_err(|error| refused(&peer, &error))?;
    let worker = app.registry().worker(&id).ok_or_else(Problem::not_found)?;
    let mut response = workers::response(&app, &worker)?.into_response();
    tell(&app, response.headers_mut(), &id);
    Ok(response)
}
