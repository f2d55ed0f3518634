//! `POST /api/v1/admin/keys/{id}/promote`: a staged key signs; the one that signed goes on verifying.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{Input, fleet, key_id, shown};
use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

/// Every member that verifies with keys of this purpose has to know it, unless that is forced: one that does not would
/// refuse what is signed from here on.
pub(in crate::routes) async fn promote(
    State(app): State<App>,
    Path(id): Path<String>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let id = key_id(&id)?;
    let Input { force } = body::json_or_default(&app, &headers, request).await?;
    if !force && let Some(key) = app.authority().keyring().find(id) {
        let members = fleet::members(&app);
        let behind = members.iter().filter(|member| member.lacks(&key.info));
        let missing: Vec<_> = behind.map(fleet::Member::name).collect();
        if !missing.is_empty() {
            return Err(not_everywhere(&missing));
        }
    }
    let event = trail.event(Kind::Key, "key.promote", &id.to_string());
    let info = app.authority().promote(id, app.clock().now(), event).await?;
    Ok(Json(json!({ "key": shown(&info) })))
}

fn not_everywhere(missing: &[&str]) -> Problem {
    let problem = Problem::other(
        StatusCode::CONFLICT,
        "key_not_everywhere",
        "not every member of the fleet knows the key yet",
    );
    problem.with(json!({ "missing": missing }))
}
