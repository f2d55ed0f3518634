//! `/api/realm/{realm}/tickets`.

mod attenuate;
mod commit;
mod create;
mod delete;
mod events;
mod list;
mod revoke;
mod show;

pub(in crate::routes) use attenuate::attenuate;
pub(in crate::routes) use commit::commit;
pub(in crate::routes) use create::create;
pub(in crate::routes) use delete::delete;
pub(in crate::routes) use events::events;
pub(in crate::routes) use list::list;
pub(in crate::routes) use revoke::revoke;
pub(in crate::routes) use show::show;

use std::time::Duration;

use carnet_realm::node::Limits;
use carnet_realm::realms::WAITS_MAX;
use carnet_store::{NewTicket, TicketEnd, TicketRow};
use carnet_ticket::realm::{self, TicketId};
use carnet_ticket::rights::Holder;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::{Ended, Reason, RowEnd};
use serde_json::{Value, json};

use crate::auth::InRealm;
use crate::problem::Problem;
use crate::state::App;

/// The ticket that a path names, `self` for the caller's own. A ticket sees only itself.
fn ticket_in_path(caller: &InRealm, text: &str) -> Result<TicketId, Problem> {
    let own = match &caller.rights()?.holder {
        Holder::Ticket(own) => Some(*own),
        _ => None,
    };
    let named = if text == "self" { own } else { text.parse().ok() };
    match (named, own) {
        (None, _) => Err(Problem::not_found()),
        (Some(named), Some(own)) if named != own => Err(caller.grant.deny(Reason::Scope).into()),
        (Some(named), _) => Ok(named),
    }
}

async fn row_in_path(app: &App, caller: &InRealm, text: &str) -> Result<TicketRow, Problem> {
    let id = ticket_in_path(caller, text)?;
    app.realms().ticket(&caller.realm, &id).await?.ok_or(Problem::not_found())
}

/// A ticket as a row of the list.
fn row(row: &TicketRow, now: Timestamp) -> Value {
    let ticket = &row.ticket;
    let mut value = json!({
        "ticketId": ticket.id.to_string(),
        "status": row.status().as_str(),
        "output": row.output,
        "isRevoked": row.revoked_at.is_some(),
        "issuerId": ticket.issuer,
        "createdAt": ticket.created_at.0,
        "expiresAt": ticket.expires_at.0,
        "writable": ticket.writable,
        "live": row.is_live_at(now),
    });
    if let Some(purpose) = &ticket.purpose {
        value["purpose"] = Value::from(purpose.as_str());
    }
    if let Some(input) = &ticket.input {
        value["input"] = json!(input);
    }
    if let Some(parent) = &ticket.parent {
        value["parent"] = Value::from(parent.to_string());
    }
    value
}

/// What a ticket that ended while something was asked of it is told.
pub(super) fn end_problem(caller: &InRealm, end: TicketEnd) -> Problem {
    let row = |end| Reason::Ended(Ended::Row(end));
    let reason = match end {
        TicketEnd::ReadOnly | TicketEnd::Committed(_) => Reason::Scope,
        TicketEnd::Unknown => row(RowEnd::Deleted),
        TicketEnd::Revoked => row(RowEnd::Revoked),
        TicketEnd::Parent => row(RowEnd::Parent),
        TicketEnd::Issuer => row(RowEnd::Issuer),
        TicketEnd::Expired => Reason::Ended(Ended::Expired),
    };
    caller.grant.deny(reason).into()
}

/// A ticket by itself.
fn whole(app: &App, caller: &InRealm, ticket: &TicketRow) -> Value {
    let mut value = row(ticket, app.clock().now());
    value["realm"] = Value::from(caller.echo.as_str());
    value["config"] = config(&ticket.ticket, app.realms().limits());
    value
}

/// What a ticket's uploads have to keep to.
/// As many wait in the realm as may.
fn too_many_waits() -> Problem {
    Problem { limit: Some(WAITS_MAX), ..Problem::rate_limited(Duration::from_secs(1)) }
}

fn config(ticket: &NewTicket, limits: &Limits) -> Value {
    let mut config =
        json!({ "nodeLimit": limits.node_limit, "maxNameBytes": limits.max_name_bytes });
    if let Some(quota) = ticket.quota {
        config["quota"] = Value::from(quota);
    }
    if !ticket.accept.is_empty() {
        config["accept"] = json!(ticket.accept);
    }
    config
}

/// A ticket as others may read of it: its id is a secret.
pub(crate) fn shown_id(id: &TicketId) -> String {
    format!("ticket:~{}", realm::content_id(id).fingerprint())
}
