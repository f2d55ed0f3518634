//! `carnet ticket`.

mod attenuate;
pub mod inspect;
pub mod list;
mod mint;
mod revoke;
mod secrets;
mod shown;
pub mod verify;

pub use mint::{issue, random};

use carnet_ticket::capability::TicketError;

use crate::cli::ticket::TicketCommand;
use crate::connect::Surroundings;
use crate::failure::Failure;
use crate::given;

/// The refusal of a text that is no capability ticket.
pub fn malformed(error: TicketError) -> Failure {
    Failure::denied("ticket_invalid", error)
}

/// Runs a command on tickets.
pub async fn run(command: TicketCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        TicketCommand::Mint(command) => mint::run(command, surroundings).await,
        TicketCommand::Inspect { token, format } => inspect::run(&given::text(&token)?, format),
        TicketCommand::Verify(args) => verify::run(&args, surroundings),
        TicketCommand::Attenuate(args) => attenuate::run(&args, surroundings),
        TicketCommand::Revoke { what, reason, server } => {
            revoke::run(&what, reason, server, surroundings).await
        }
        TicketCommand::List { class, subject, status, server } => {
            let filters = [("class", class), ("subject", subject), ("status", status)];
            list::run(&filters, &server, surroundings).await
        }
    }
}
