//! `PATCH /api/realm/{realm}/depots/{depot}`.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use http::HeaderMap;
use serde_json::Value;

use super::{depot_in_path, event, fields, problem, shown};
use crate::audit::Trail;
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

/// Changes a depot's title, or how many former roots it keeps.
pub(in crate::routes) async fn update(
    State(app): State<App>,
    caller: InRealm,
    Path((_, depot)): Path<(String, String)>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let bytes = body::read(&app, &headers, request, app.config().realm.max_body.0).await?;
    let fields = fields(&bytes)?;
    let id = depot_in_path(&depot)?;
    let event = event(&trail, "depot.update", &id);
    let changed = app.realms().update_depot(caller.realm, id, fields, event).await;
    changed.map(|row| Json(shown(&row))).map_err(|error| problem(&caller, error))
}
