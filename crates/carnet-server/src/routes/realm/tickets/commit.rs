//! `POST /api/realm/{realm}/tickets/{ticket}/commit`.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use carnet_realm::realms::CommitTicketError;
use carnet_store::TicketEnd;
use carnet_ticket::realm::NodeKey;
use carnet_ticket::verify::{Ended, Reason, RowEnd};
use http::HeaderMap;
use serde_json::{Value, json};

use super::super::{missing_nodes, scope_problem};
use super::{row_in_path, shown_id};
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
    if !row.ticket.writable {
        return Err(caller.grant.deny(Reason::Scope).into());
    }
    if let Some(output) = row.output {
        return Err(committed(output));
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
    let ended = |end| Problem::from(caller.grant.deny(Reason::Ended(end)));
    match error {
        CommitTicketError::MissingOutput(key) => missing_nodes(&[key]),
        CommitTicketError::NotAccepted => caller.grant.deny(Reason::Scope).into(),
        CommitTicketError::Scope(error) => scope_problem(caller, error),
        CommitTicketError::Store(error) => error.into(),
        CommitTicketError::Ticket(end) => match end {
            TicketEnd::Committed(output) => committed(output),
            TicketEnd::ReadOnly => caller.grant.deny(Reason::Scope).into(),
            TicketEnd::Unknown => ended(Ended::Row(RowEnd::Deleted)),
            TicketEnd::Revoked => ended(Ended::Row(RowEnd::Revoked)),
            TicketEnd::Issuer => ended(Ended::Row(RowEnd::Issuer)),
            TicketEnd::Expired => ended(Ended::Expired),
        },
        _ => Problem::internal(),
    }
}
