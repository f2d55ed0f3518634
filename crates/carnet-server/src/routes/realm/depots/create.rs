//! `POST /api/realm/{realm}/depots`.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use carnet_ticket::realm::DepotId;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{event, fields, make_main, problem, shown};
use crate::audit::Trail;
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

/// Makes a depot.
pub(in crate::routes) async fn create(
    State(app): State<App>,
    caller: InRealm,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let bytes = body::read(&app, &headers, request, app.config().realm.max_body.0).await?;
    let fields = fields(&bytes)?;
    make_main(&app, &caller, &trail).await?;
    let event = |id: &DepotId| event(&trail, "depot.create", id);
    let made = app.realms().create_depot(caller.realm, fields, event).await;
    let row = made.map_err(|error| problem(&caller, error))?;
    Ok((StatusCode::CREATED, Json(shown(&row))))
}
