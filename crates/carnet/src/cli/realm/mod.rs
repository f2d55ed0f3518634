//! `carnet realm`, as it is typed.

mod node;
mod ticket;

pub use node::NodeCommand;
pub use ticket::{CreateArgs, TicketCommand};

use clap::Subcommand;

use super::{ServerArgs, values};

/// `carnet realm`.
#[derive(Debug, Subcommand)]
pub enum RealmCommand {
    /// What the realm takes.
    Info(ServerArgs),
    /// How much the realm holds.
    Usage(ServerArgs),
    /// Work with nodes and files.
    #[command(subcommand)]
    Node(NodeCommand),
    /// Work with task tickets.
    #[command(subcommand)]
    Ticket(TicketCommand),
}
