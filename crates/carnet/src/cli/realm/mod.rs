//! `carnet realm`, as it is typed.

mod client;
mod depot;
mod node;
mod ticket;
mod token;
mod user;

pub use client::ClientCommand;
pub use depot::DepotCommand;
pub use node::{NodeCommand, NodeFileArgs, PutArgs};
pub use ticket::{AttenuateArgs, CreateArgs, LimitArgs, TicketCommand};
pub use token::TokenCommand;
pub use user::UserCommand;

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
    /// Work with depots: names for roots that move.
    #[command(subcommand)]
    Depot(DepotCommand),
    /// Work with agent tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Work with clients that have a key of their own.
    #[command(subcommand)]
    Client(ClientCommand),
    /// Work with the owners of realms, as an administrator.
    #[command(subcommand)]
    User(UserCommand),
    /// Remove the nodes of all realms that nothing names, as an administrator.
    #[command(after_help = "Example:\n  carnet realm gc --dry-run")]
    Gc {
        /// Tell what would go, and leave it.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Hash everything that is stored and name what is damaged, as an administrator.
    Fsck(ServerArgs),
}
