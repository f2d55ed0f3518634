//! `GET /api/v1/events`: what of the fleet has changed, by name, as server-sent events.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use crate::auth::Caller;
use crate::events;
use crate::serve::Cutoff;
use crate::state::App;

pub(super) async fn stream(
    State(app): State<App>,
    Caller(grant): Caller,
    Extension(cutoff): Extension<Cutoff>,
) -> Response {
    events::stream(app, grant, &cutoff)
}
