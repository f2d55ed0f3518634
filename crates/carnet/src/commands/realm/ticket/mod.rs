//! `carnet realm ticket`.

mod attenuate;
mod create;
mod list;
mod wait;

use carnet_ticket::realm::TicketId;
use serde_json::Value;

use crate::cli::{ServerArgs, TicketCommand};
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::output;

/// Runs a command on task tickets.
pub async fn run(command: TicketCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        TicketCommand::Create(args) => create::run(args, surroundings).await,
        TicketCommand::Attenuate(args) => attenuate::run(args, surroundings).await,
        TicketCommand::List { status, server } => {
            list::run(status.as_deref(), &server, surroundings).await
        }
        TicketCommand::Show { id, server } => {
            let ticket = connect::client(&server, surroundings)?.ticket(checked(&id)?).await?;
            show(&server, &ticket)
        }
        TicketCommand::Commit { id, key, server } => {
            let answer = connect::client(&server, surroundings)?.commit(checked(&id)?, key).await?;
            Ok(output::show(server.format, &answer, |_| format!("committed {key}"))?)
        }
        TicketCommand::Revoke { id, server } => {
            let answer = connect::client(&server, surroundings)?.revoke(checked(&id)?).await?;
            Ok(output::show(server.format, &answer, |answer| output::text(&answer["status"]))?)
        }
        TicketCommand::Delete { id, server } => {
            let answer =
                connect::client(&server, surroundings)?.delete_ticket(checked(&id)?).await?;
            Ok(output::show(server.format, &answer, |_| "deleted".to_owned())?)
        }
        TicketCommand::Wait { id, timeout, server } => {
            wait::run(checked(&id)?, timeout, &server, surroundings).await
        }
    }
}

/// An id that can stand in a path.
fn checked(id: &str) -> anyhow::Result<&str> {
    if id == "self" || id.parse::<TicketId>().is_ok() {
        return Ok(id);
    }
    Err(Failure::Usage("a ticket is ticket:<ULID>, or self".to_owned()).into())
}

fn show(server: &ServerArgs, ticket: &Value) -> anyhow::Result<()> {
    output::show(server.format, ticket, |ticket| {
        output::fields(&[
            ("status", output::text(&ticket["status"])),
            ("live", output::text(&ticket["live"])),
            ("purpose", output::text(&ticket["purpose"])),
            (
                "input",
                ticket.get("input").map_or_else(|| "the whole realm".to_owned(), output::text),
            ),
            ("writable", output::text(&ticket["writable"])),
            ("output", output::text(&ticket["output"])),
            ("parent", output::text(&ticket["parent"])),
            ("issuer", output::text(&ticket["issuerId"])),
            ("created", output::moment(&ticket["createdAt"])),
            ("expires", output::moment(&ticket["expiresAt"])),
        ])
    })?;
    Ok(())
}
