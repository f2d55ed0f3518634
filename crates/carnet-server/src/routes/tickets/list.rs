//! `GET /api/v1/admin/tickets`: the ledger, newest first.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use carnet_authority::ledger::LedgerStatus;
use carnet_store::LedgerFilter;
use carnet_ticket::realm::Ulid;
use carnet_ticket::verify::Class;
use serde::Deserialize;
use serde_json::{Value, json};

use super::shown;
use crate::problem::Problem;
use crate::state::App;

const LIMIT_DEFAULT: u32 = 100;
const LIMIT_MAX: u32 = 1000;

/// Ids are no secrets and sort by age, so the cursor is one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    limit: Option<u32>,
    cursor: Option<String>,
    class: Option<String>,
    subject: Option<String>,
    status: Option<String>,
    tenant_id: Option<String>,
    q: Option<String>,
}

pub(in crate::routes) async fn list(
    State(app): State<App>,
    params: Result<Query<Params>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(params) = params.map_err(|_| Problem::invalid("Query", "query"))?;
    page(&app, params).await.map(Json)
}

/// A page of the ledger. `status` is judged after it is read: it may have fewer entries than asked for.
pub(crate) async fn page(app: &App, params: Params) -> Result<Value, Problem> {
    let limit = params.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::invalid("OutOfRange", "limit"));
    }
    let before = params.cursor.map(|text| text.parse::<Ulid>()).transpose();
    let before = before.map_err(|_| Problem::invalid("BadCursor", "cursor"))?;
    let filter = LedgerFilter {
        class: params.class.as_deref().map(class).transpose()?,
        subject: params.subject,
        tenant_id: params.tenant_id,
        named: params.q,
    };
    let status = params.status.as_deref().map(status).transpose()?;
    let mut rows = app.store().list_ledger(&filter, before, limit + 1).await?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| has_more).map(|row| row.id.to_string());
    let mut entries = Vec::new();
    for row in &rows {
        let entry = shown(app, row).await?;
        if status.is_none_or(|status| entry["status"] == status.as_str()) {
            entries.push(entry);
        }
    }
    Ok(json!({ "tickets": entries, "next_cursor": next }))
}

fn status(name: &str) -> Result<LedgerStatus, Problem> {
    let all = [LedgerStatus::Active, LedgerStatus::Expired, LedgerStatus::Revoked];
    let status = all.into_iter().find(|status| status.as_str() == name);
    status.ok_or(Problem::invalid("BadStatus", "status"))
}

fn class(name: &str) -> Result<Class, Problem> {
    let class = Class::ALL.into_iter().find(|class| class.as_str() == name);
    class.ok_or(Problem::invalid("BadClass", "class"))
}
