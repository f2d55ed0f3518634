//! `POST /api/v1/admin/ca/rotate`: makes the next CA; with `activate` lets it sign.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use super::show::shown;
use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Input {
    #[serde(default)]
    activate: bool,
    #[serde(default)]
    force: bool,
}

pub(in crate::routes) async fn rotate(
    State(app): State<App>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let Input { activate, force } = body::json_or_default(&app, &headers, request).await?;
    if activate {
        app.ca().activate(force, &trail).await?;
    } else {
        app.ca().prepare(&trail).await?;
    }
    shown(&app).await.map(Json)
}
