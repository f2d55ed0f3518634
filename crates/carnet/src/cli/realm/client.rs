//! `carnet realm client`, as it is typed.

use carnet_ticket::realm::ClientId;
use clap::Subcommand;

use super::ServerArgs;

/// `carnet realm client`.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// List the clients that act for you, newest first.
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Let a client act for you, by the code that it shows.
    #[command(
        after_help = "Example:\n  carnet realm client approve client:71T2Q1HR9WGYF5GFNHH34G1SZ8 K7M-2PX"
    )]
    Approve {
        /// The client's id.
        id: ClientId,
        /// The code.
        code: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Revoke a client: it, and the tickets that it issued, end at once.
    Revoke {
        /// The client's id.
        id: ClientId,
        #[command(flatten)]
        server: ServerArgs,
    },
}
