//! `carnet realm ticket create`.

use carnet_realm::client::{NewTicketRequest, WritableFields};
use carnet_ticket::realm::NodeKey;
use serde_json::Value;

use crate::cli::{CreateArgs, LimitArgs, ServerArgs};
use crate::connect::{self, Surroundings};
use crate::output;

/// Makes a ticket and prints its id alone.
pub async fn run(args: CreateArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let client = connect::client(&args.server, surroundings)?;
    let request = request((!args.all).then_some(args.input), args.limits);
    show(&args.server, &client.create_ticket(&request).await?)
}

/// What is asked for by flags.
pub fn request(input: Option<Vec<NodeKey>>, limits: LimitArgs) -> NewTicketRequest {
    let accept = (!limits.accept.is_empty()).then_some(limits.accept);
    NewTicketRequest {
        input,
        purpose: limits.purpose,
        writable: limits.writable.then_some(WritableFields { quota: limits.quota, accept }),
        expires_in: limits.ttl.map(|ttl| ttl.as_secs()),
        delegable: limits.delegable,
    }
}

/// Shows a ticket that was made.
pub fn show(server: &ServerArgs, ticket: &Value) -> anyhow::Result<()> {
    output::show(server.format, ticket, |ticket| output::text(&ticket["ticketId"]))?;
    Ok(())
}
