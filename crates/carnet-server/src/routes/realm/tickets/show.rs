//! `GET /api/realm/{realm}/tickets/{ticket}`, with `?wait=N` once it has changed or after N seconds.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use carnet_ticket::verify::Reason;
use serde::Deserialize;
use serde_json::Value;

use super::{row_in_path, ticket_in_path, too_many_waits, whole};
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::state::App;

const WAIT_MAX_S: u64 = 60;

#[derive(Deserialize)]
pub(in crate::routes) struct Params {
    wait: Option<String>,
}

/// A ticket, now or when something has become of it.
pub(in crate::routes) async fn show(
    State(app): State<App>,
    caller: InRealm,
    Path((_, ticket)): Path<(String, String)>,
    Query(params): Query<Params>,
) -> Result<Json<Value>, Problem> {
    let wait_s = params.wait.map(|text| text.parse().ok().filter(|wait| *wait <= WAIT_MAX_S));
    let Some(wait_s) =
        wait_s.map(|wait| wait.ok_or(Problem::invalid("OutOfRange", "wait"))).transpose()?
    else {
        let row = row_in_path(&app, &caller, &ticket).await?;
        return Ok(Json(whole(&app, &caller, &row)));
    };
    let id = ticket_in_path(&caller, &ticket)?;
    let realms = app.realms();
    let mut watch = realms.watch(&caller.realm, id).map_err(|_| too_many_waits())?;
    let until = app.clock().now().after(Duration::from_secs(wait_s));
    let row = tokio::select! {
        row = realms.wait(&mut watch, until) => row?,
        _ = caller.grant.ended() => None,
    };
    // Whichever came first: who has ended learns nothing more.
    if let Some(why) = caller.grant.is_ended() {
        return Err(caller.grant.deny(Reason::Ended(why)).into());
    }
    let row = row.ok_or(Problem::not_found())?;
    Ok(Json(whole(&app, &caller, &row)))
}
