//! `POST /api/realm/{realm}/tickets/{ticket}/commit`.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use carnet_realm::realms::CommitTicketError;
use carnet_store::TicketEnd;
use carnet_ticket::realm::NodeKey;
use carnet_ticket::verify::Reason;
use http::HeaderMap;
use serde_json::{Value, json};

use super::super::{missing_nodes, scope_problem};
use super::{end_problem, row_in_path, shown_id};
use crate::audit::Trail;
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

/// Gives the caller's ticket its output, once. The order of the checks is that of the realm spec, section 7.
pub(in crate::routes) async fn commit(
    State(app): State<App>,
    caller: InRealm,
    Path((_, ticket)): Path<(String, String)>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let row = row_in_path(&app, &caller, &ticket).await?;
    let read_only = || Err(caller.grant.deny(Reason::Scope).into());
    if !row.ticket.writable {
        return read_only();
    }
    if let Some(output) = row.output {
        return Err(committed(output));
    }
    if !row.may_write() {
        return read_only();
    }
    let bytes = body::read(&app, &headers, request, app.config().realm.max_body.0).await?;
    let output = parse(&bytes)?;
    let event = trail.event(Kind::Ticket, "ticket.commit", &shown_id(&row.ticket.id));
    let commit = app.realms().commit(caller.rights()?, &row, output, event).await;
    commit.map_err(|error| problem(&caller, error))?;
    Ok(Json(
        json!({ "success": true, "status": "committed", "output": output, "isRevoked": false }),
    ))
}

fn parse(bytes: &[u8]) -> Result<NodeKey, Problem> {
    let body: Value =
        serde_json::from_slice(bytes).map_err(|_| Problem::invalid("Json", "body"))?;
    let key = body["output"].as_str().ok_or(Problem::invalid("Missing", "output"))?;
    key.parse().map_err(|error: carnet_ticket::realm::KeyError| {
        Problem::invalid(&format!("{error:?}"), "output")
    })
}

fn committed(output: NodeKey) -> Problem {
    Problem::conflict().with(json!({ "output": output }))
}

fn problem(caller: &InRealm, error: CommitTicketError) -> Problem {
    match error {
        CommitTicketError::MissingOutput(key) => missing_nodes(&[key]),
        CommitTicketError::NotAccepted => caller.grant.deny(Reason::Scope).into(),
        CommitTicketError::Scope(error) => scope_problem(caller, error),
        CommitTicketError::Store(error) => error.into(),
        CommitTicketError::Ticket(TicketEnd::Committed(output)) => committed(output),
        CommitTicketError::Ticket(end) => end_problem(caller, end),
        _ => Problem::internal(),
    }
}
