//! `POST /api/v1/admin/revocations`: durable and in force before the answer. With `?preview=true` nothing is
//! written and the answer says what it would end.

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use carnet_gate::Selector;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::{RevocationKind, RowEnd};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::{shown, shown_value};
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

const REASON_LEN_MAX: usize = 512;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    kind: String,
    value: String,
    worker_id: Option<String>,
    issued_before: Option<i64>,
    reason: Option<String>,
}

#[derive(Deserialize)]
pub(in crate::routes) struct Params {
    #[serde(default)]
    preview: bool,
}

pub(in crate::routes) async fn create(
    State(app): State<App>,
    params: Result<Query<Params>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    let Query(params) = params.map_err(|_| Problem::invalid("Query", "query"))?;
    let input: Input = body::json(&app, &headers, request).await?;
    if input.reason.as_ref().is_some_and(|reason| reason.len() > REASON_LEN_MAX) {
        return Err(Problem::invalid("TooLong", "reason"));
    }
    let now = app.clock().now();
    let selector = selector(&input, now)?;
    if params.preview {
        return Ok(Json(preview(&app, &selector)).into_response());
    }
    let revoked = app.store().revoke(selector, input.reason, None, now).await?;
    match &revoked.row.entry.selector {
        Selector::RealmTicket(id) => app.realms().ended(*id, RowEnd::Revoked).await?,
        _ => app.store().bring_up_to_date(app.gate()).await?,
    }
    ::metrics::counter!("carnet_revocations_total", "kind" => revoked.row.entry.selector.kind().as_str()).increment(1);
    let status = if revoked.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json!({ "revocation": shown(&revoked.row) }))).into_response())
}

fn selector(input: &Input, now: Timestamp) -> Result<Selector, Problem> {
    let kind = RevocationKind::from_name(&input.kind).ok_or(Problem::invalid("BadKind", "kind"))?;
    let issued_before = input.issued_before.map_or(now, Timestamp::from_unix_s);
    Selector::parse(kind, &input.value, input.worker_id.as_deref(), issued_before)
        .map_err(|_| Problem::invalid("BadValue", "value"))
}

fn preview(app: &App, selector: &Selector) -> serde_json::Value {
    json!({
        "kind": selector.kind().as_str(),
        "value": shown_value(selector),
        "ends": { "grants": { "count": app.gate().count_named(selector) } },
    })
}
