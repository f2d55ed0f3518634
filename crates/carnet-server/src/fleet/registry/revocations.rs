//! `GET /api/v1/worker/{id}/revocations`: the stream of revocations, as a worker of StacyVM asks for it.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;

use super::{own, refused, worker_id};
use crate::auth::Caller;
use crate::fleet::FleetPeer;
use crate::problem::Problem;
use crate::routes::revocations::{self, Since};
use crate::serve::Cutoff;
use crate::state::App;

pub(crate) async fn revocations(
    State(app): State<App>,
    Extension(peer): Extension<FleetPeer>,
    Path(id): Path<String>,
    caller: Caller,
    cutoff: Extension<Cutoff>,
    since: Since,
) -> Result<Response, Problem> {
    let id = worker_id(&id)?;
    own(&peer, &id)?;
    let owned = app.registry().owned(&id, peer.speaker());
    owned.map_err(|error| refused(&peer, &error))?;
    revocations::stream(State(app), caller, cutoff, since).await
}
