//! `POST /api/realm/{realm}/depots/{depot}/commit`.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_ticket::realm::{KeyError, NodeKey};
use http::HeaderMap;
use serde_json::{Map, Value};

use super::{depot_in_path, event, object, problem, shown};
use crate::audit::Trail;
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

/// Gives a depot a new root. The order of the checks is that of the realm spec, section 8.
pub(in crate::routes) async fn commit(
    State(app): State<App>,
    caller: InRealm,
    Path((_, depot)): Path<(String, String)>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let bytes = body::read(&app, &headers, request, app.config().realm.max_body.0).await?;
    let members = object(&bytes)?;
    let root = key(&members, "root")?.ok_or(Problem::invalid("Missing", "root"))?;
    let expected = key(&members, "expectedRoot")?;
    let id = depot_in_path(&depot)?;
    let event = event(&trail, "depot.commit", &id);
    let changed = app.realms().commit_depot(caller.realm, id, root, expected, event).await;
    changed.map(|row| Json(shown(&row))).map_err(|error| problem(&caller, error))
}

/// A node key that may be missing.
fn key(members: &Map<String, Value>, name: &str) -> Result<Option<NodeKey>, Problem> {
    let Some(value) = members.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let text = value.as_str().ok_or_else(|| Problem::invalid("WrongType", name))?;
    let invalid = |error: KeyError| Problem::invalid(&format!("{error:?}"), name);
    text.parse().map(Some).map_err(invalid)
}
