//! `GET /api/realm/{realm}/tickets`, newest first.

use axum::Json;
use axum::extract::{Query, State};
use carnet_store::TicketStatus;
use serde::Deserialize;
use serde_json::{Value, json};

use super::row;
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::routes::page::{self, Page};
use crate::state::App;

#[derive(Deserialize)]
pub(in crate::routes) struct Params {
    status: Option<String>,
}

/// The tickets of a realm.
pub(in crate::routes) async fn list(
    State(app): State<App>,
    caller: InRealm,
    page: Page,
    Query(params): Query<Params>,
) -> Result<Json<Value>, Problem> {
    let status = params
        .status
        .map(|name| TicketStatus::from_name(&name).ok_or(Problem::invalid("BadStatus", "status")));
    let status = status.transpose()?;
    let mut rows =
        app.realms().list_tickets(&caller.realm, status, page.before, page.limit + 1).await?;
    let next = page::cut(&mut rows, page, |row| row.seq);
    let now = app.clock().now();
    let tickets: Vec<_> = rows.iter().map(|ticket| row(ticket, now)).collect();
    let mut body = json!({ "tickets": tickets, "hasMore": next.is_some() });
    if let Some(next) = next {
        body["nextCursor"] = Value::from(next);
    }
    Ok(Json(body))
}
