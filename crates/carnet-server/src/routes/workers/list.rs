//! `GET /api/v1/workers`, by id.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use carnet_ticket::identity::WorkerId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::shown;
use crate::problem::Problem;
use crate::state::App;

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1000;

/// Ids are no secrets, and the cursor is one.
#[derive(Deserialize)]
pub(crate) struct Params {
    limit: Option<usize>,
    cursor: Option<String>,
}

pub(in crate::routes) async fn list(
    State(app): State<App>,
    params: Result<Query<Params>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(params) = params.map_err(|_| Problem::invalid("Query", "query"))?;
    page(&app, params).map(Json)
}

/// A page of the workers.
pub(crate) fn page(app: &App, params: Params) -> Result<Value, Problem> {
    let limit = params.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::invalid("OutOfRange", "limit"));
    }
    let after = params.cursor.map(|text| text.parse()).transpose();
    let after: Option<WorkerId> = after.map_err(|_| Problem::invalid("BadCursor", "cursor"))?;
    let (now, lost_after) = (app.clock().now(), app.config().registry.lost_after);
    let (mut workers, mut next) = (Vec::new(), None);
    let has_more = app.registry().page(after.as_ref(), limit, |worker| {
        workers.extend(shown(worker, now, lost_after));
        next = Some(worker.row.id.to_string());
    });
    Ok(json!({ "workers": workers, "next_cursor": next.filter(|_| has_more) }))
}
