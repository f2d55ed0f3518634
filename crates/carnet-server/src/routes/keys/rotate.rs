//! `POST /api/v1/admin/keys/{purpose}/rotate`: a new key, staged; active where it is the first.

use axum::Json;
use axum::extract::{Path, State};
use carnet_authority::audit::{Details, Kind};
use carnet_authority::keyring::{KeyInfo, Purpose};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::shown;
use crate::audit::Trail;
use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn rotate(
    State(app): State<App>,
    Path(purpose): Path<String>,
    trail: Trail,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let purpose = Purpose::from_name(&purpose).ok_or(Problem::not_found())?;
    let event = |info: &KeyInfo| {
        let mut event = trail.event(Kind::Key, "key.rotate", &info.id.to_string());
        let details = Map::from_iter([("purpose".to_owned(), purpose.as_str().into())]);
        event.details = Details::new(details);
        event
    };
    let info = app.authority().rotate(purpose, app.clock().now(), event).await?;
    Ok((StatusCode::CREATED, Json(json!({ "key": shown(&info) }))))
}
