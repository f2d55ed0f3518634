//! `carnet realm ticket create`.

use carnet_realm::client::{NewTicketRequest, WritableFields};

use crate::cli::CreateArgs;
use crate::connect::{self, Surroundings};
use crate::output;

/// Makes a ticket and prints its id alone.
pub async fn run(args: CreateArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let client = connect::client(&args.server, surroundings)?;
    let accept = (!args.accept.is_empty()).then_some(args.accept);
    let request = NewTicketRequest {
        input: (!args.all).then_some(args.input),
        purpose: args.purpose,
        writable: args.writable.then_some(WritableFields { quota: args.quota, accept }),
        expires_in: args.ttl.map(|ttl| ttl.as_secs()),
    };
    let ticket = client.create_ticket(&request).await?;
    output::show(args.server.format, &ticket, |ticket| output::text(&ticket["ticketId"]))?;
    Ok(())
}
