//! `GET /api/v1/worker/{id}/revocations`: the revocation feed, for the worker itself.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use carnet_ticket::verify::Reason;

use super::FleetPeer;
use crate::problem::Problem;
use crate::revocations;
use crate::routes::Since;
use crate::serve::Cutoff;
use crate::state::App;

pub(super) async fn stream(
    State(app): State<App>,
    Extension(peer): Extension<FleetPeer>,
    Extension(cutoff): Extension<Cutoff>,
    Path(id): Path<String>,
    Since(since): Since,
) -> Result<Response, Problem> {
    if peer.leaf.identity.name() != id {
        return Err(peer.grant.deny(Reason::Scope).into());
    }
    revocations::stream(app, since, peer.grant, &cutoff).await
}
