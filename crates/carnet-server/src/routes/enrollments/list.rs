//! `GET /api/v1/admin/enrollments`, newest first: those that are open, or with `?all=true` every one.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::shown;
use crate::problem::Problem;
use crate::state::App;

const LIMIT_DEFAULT: u32 = 100;
const LIMIT_MAX: u32 = 1000;

/// Ids are no secrets and sort by age, so the cursor is one.
#[derive(Deserialize)]
pub(in crate::routes) struct Params {
    #[serde(default)]
    all: bool,
    limit: Option<u32>,
    cursor: Option<String>,
}

pub(in crate::routes) async fn list(
    State(app): State<App>,
    params: Result<Query<Params>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(params) = params.map_err(|_| Problem::invalid("Query", "query"))?;
    let limit = params.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::invalid("OutOfRange", "limit"));
    }
    let before = params.cursor.map(|text| text.parse()).transpose();
    let before = before.map_err(|_| Problem::invalid("BadCursor", "cursor"))?;
    let now = app.clock().now();
    let open_at = (!params.all).then_some(now);
    let mut rows = app.store().list_enrollments(open_at, before, limit + 1).await?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| has_more).map(|row| row.id.to_string());
    let authority = app.ca().authority();
    let trust_domain = authority.settings().trust_domain();
    let rows: Vec<_> = rows.iter().map(|row| shown(row, trust_domain, now)).collect();
    Ok(Json(json!({ "enrollments": rows, "next_cursor": next })))
}
