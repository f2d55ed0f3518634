//! `GET /api/v1/admin/audit`: a page of events, newest first; or all of them as an export, oldest first.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use carnet_authority::audit::{Chained, Kind, Outcome};
use carnet_store::AuditFilter;
use carnet_ticket::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::export::{self, Form};
use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::page::{self, Page};
use crate::state::App;

#[derive(Deserialize)]
pub(crate) struct Params {
    since: Option<String>,
    until: Option<String>,
    tenant: Option<String>,
    actor: Option<String>,
    kind: Option<String>,
    action: Option<String>,
    outcome: Option<String>,
    status: Option<u16>,
    path: Option<String>,
    request_id: Option<String>,
    format: Option<String>,
}

pub(in crate::routes) async fn list(
    State(app): State<App>,
    Caller(grant): Caller,
    page: Page,
    params: Result<Query<Params>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(params) = params.map_err(|_| Problem::invalid("Query", "query"))?;
    let form = params.format.as_deref().map_or(Ok(None), Form::from_name)?;
    let filter = filter(params)?;
    // What this caller has just seen denied is in it.
    app.recorder().settled().await;
    match form {
        Some(form) => Ok(export::stream(&app, grant, filter, form)),
        None => Ok(Json(one_page(&app, page, &filter).await?).into_response()),
    }
}

/// A page of the events that a filter lets pass.
pub(crate) async fn one_page(
    app: &App,
    page: Page,
    filter: &AuditFilter,
) -> Result<Value, Problem> {
    let mut rows = app.store().list_audit(filter, page.before, page.limit + 1).await?;
    let next = page::cut(&mut rows, page, |row| row.seq);
    let events = rows.iter().map(shown).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "events": events, "next_cursor": next }))
}

/// The very event that was chained, and its hash.
fn shown(row: &Chained) -> Result<Value, Problem> {
    let mut event: Value = serde_json::from_str(&row.canonical).map_err(|_| Problem::internal())?;
    event["hash"] = Value::from(row.hash.to_string());
    Ok(event)
}

/// The filter that a query asks for.
pub(crate) fn filter(params: Params) -> Result<AuditFilter, Problem> {
    let moment = |text: Option<String>, field: &str| {
        let moment = text.map(|text| Timestamp::from_rfc3339(&text).ok_or(()));
        moment.transpose().map_err(|()| Problem::invalid("BadTime", field))
    };
    let kind =
        params.kind.map(|name| Kind::from_name(&name).ok_or(Problem::invalid("BadKind", "kind")));
    let outcome = params
        .outcome
        .map(|name| Outcome::from_name(&name).ok_or(Problem::invalid("BadOutcome", "outcome")));
    Ok(AuditFilter {
        since: moment(params.since, "since")?,
        until: moment(params.until, "until")?,
        tenant_id: params.tenant,
        actor: params.actor,
        kind: kind.transpose()?,
        action: params.action,
        outcome: outcome.transpose()?,
        status: params.status,
        path: params.path,
        request_id: params.request_id,
    })
}
