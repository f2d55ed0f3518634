//! `POST /api/v1/admin/keys/{id}/retire`: a key verifies nothing from now on, and leaves the JWKS. What was let in under
//! it goes on; to end that too, revoke `key/ID`.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_authority::audit::{Details, Kind};
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::{Input, key_id, shown};
use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

pub(in crate::routes) async fn retire(
    State(app): State<App>,
    Path(id): Path<String>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let id = key_id(&id)?;
    let Input { force } = body::json_or_default(&app, &headers, request).await?;
    let mut event = trail.event(Kind::Key, "key.retire", &id.to_string());
    event.details = Details::new(Map::from_iter([("forced".to_owned(), force.into())]));
    let info = app.authority().retire(id, force, app.clock().now(), event).await?;
    Ok(Json(json!({ "key": shown(&info) })))
}
