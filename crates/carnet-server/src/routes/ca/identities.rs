//! `POST /api/v1/admin/ca/identities/{kind}/{name}/revoke` and `/release`: a member loses everything, and may come back.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_ticket::identity::Member;
use http::HeaderMap;
use serde_json::{Value, json};

use super::Because;
use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

pub(in crate::routes) async fn revoke(
    State(app): State<App>,
    Path((kind, name)): Path<(String, String)>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let member = member(&kind, &name)?;
    let because: Because = body::json_or_default(&app, &headers, request).await?;
    let quarantined = app.ca().revoke_member(&member, because.checked()?, &trail).await?;
    let serials: Vec<_> = quarantined.revoked.iter().map(|row| row.serial.to_string()).collect();
    Ok(Json(json!({ "member": member.to_string(), "quarantined": true, "revoked": serials })))
}

pub(in crate::routes) async fn release(
    State(app): State<App>,
    Path((kind, name)): Path<(String, String)>,
    trail: Trail,
) -> Result<Json<Value>, Problem> {
    let member = member(&kind, &name)?;
    app.ca().release(&member, None, &trail).await?;
    Ok(Json(json!({ "member": member.to_string(), "quarantined": false })))
}

fn member(kind: &str, name: &str) -> Result<Member, Problem> {
    format!("{kind}/{name}").parse().map_err(|_| Problem::not_found())
}
