//! `POST /api/v1/admin/revocations`: durable and in force before the answer. With `?preview=true` nothing is
//! written and the answer says what it would end.

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use carnet_authority::audit::{Details, Kind};
use carnet_gate::Selector;
use carnet_store::Revoked;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::{RevocationKind, RowEnd};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::{preview, shown, shown_value};
use crate::audit::Trail;
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
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    let Query(params) = params.map_err(|_| Problem::invalid("Query", "query"))?;
    let input: Input = body::json(&app, &headers, request).await?;
    let now = app.clock().now();
    let selector = selector(&input, now)?;
    if params.preview {
        let preview = json!({
            "kind": selector.kind().as_str(),
            "value": shown_value(&selector),
            "ends": preview::ends(&app, &selector).await?,
        });
        return Ok(Json(preview).into_response());
    }
    let revoked = put_in_force(&app, &trail, selector, input.reason, None).await?;
    let status = if revoked.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json!({ "revocation": shown(&revoked.row) }))).into_response())
}

/// Records a revocation, with its audit row, and ends what it names before this returns. `end` is when nothing of
/// that can live any more.
pub(in crate::routes) async fn put_in_force(
    app: &App,
    trail: &Trail,
    selector: Selector,
    reason: Option<String>,
    end: Option<Timestamp>,
) -> Result<Revoked, Problem> {
    if reason.as_ref().is_some_and(|reason| reason.len() > REASON_LEN_MAX) {
        return Err(Problem::invalid("TooLong", "reason"));
    }
    let (kind, value) = (selector.kind().as_str(), shown_value(&selector));
    let mut event = trail.event(Kind::Revocation, "ticket.revoke", &value);
    let details = [("kind", kind), ("value", &value)];
    event.details = Details::new(
        details.map(|(name, value)| (name.to_owned(), value.into())).into_iter().collect(),
    );
    let store = app.store().audited(event);
    let revoked = store.revoke(selector, reason, end, app.clock().now()).await?;
    match &revoked.row.entry.selector {
        Selector::RealmTicket(id) => app.realms().ended(*id, RowEnd::Revoked).await?,
        _ => app.store().bring_up_to_date(app.gate()).await?,
    }
    app.publish_revocations().await;
    ::metrics::counter!("carnet_revocations_total", "kind" => kind).increment(1);
    Ok(revoked)
}

fn selector(input: &Input, now: Timestamp) -> Result<Selector, Problem> {
    let kind = RevocationKind::from_name(&input.kind).ok_or(Problem::invalid("BadKind", "kind"))?;
    let issued_before = input.issued_before.map_or(now, Timestamp::from_unix_s);
    Selector::parse(kind, &input.value, input.worker_id.as_deref(), issued_before)
        .map_err(|_| Problem::invalid("BadValue", "value"))
}
