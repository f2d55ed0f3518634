//! `cas_get_ticket`.

use carnet_authority::audit::Kind;
use carnet_realm::mcp::{GetTicket, RpcError};
use carnet_realm::realms::CreateTicketError;
use carnet_realm::ticket::{CreateTicket, WritableRequest};
use carnet_ticket::realm::TicketId;
use serde_json::{Value, json};

use super::Failure;
use crate::audit::Trail;
use crate::auth::{InRealm, actor};
use crate::problem::Problem;
use crate::routes::realm::tickets::shown_id;
use crate::state::App;

/// Makes a ticket of the caller's realm.
pub(super) async fn run(
    app: &App,
    caller: &InRealm,
    trail: &Trail,
    wanted: GetTicket,
) -> Result<Value, Failure> {
    let quota = Some(app.config().realm.mcp_ticket_quota.0).filter(|quota| *quota > 0);
    let writable = WritableRequest { quota, accept: None };
    let request = CreateTicket {
        input: Some(wanted.input),
        purpose: None,
        writable: wanted.writable.then_some(writable),
        expires_in_s: wanted.expires_in,
        delegable: false,
    };
    let event = |id: &TicketId| trail.event(Kind::Ticket, "ticket.mint", &shown_id(id));
    let issuer = actor(&caller.grant);
    let made = app.realms().create_ticket(caller.realm, &issuer, request, event).await;
    let ticket = made.map_err(|error| match error {
        CreateTicketError::Invalid(_) => Failure::Rpc(RpcError::Arguments),
        CreateTicketError::Store(error) => error.into(),
        _ => Problem::internal().into(),
    })?;
    Ok(json!({
        "realmId": ticket.realm.to_string(),
        "ticketId": ticket.id.to_string(),
        "input": ticket.input,
        "expiresAt": ticket.expires_at.0,
    }))
}
