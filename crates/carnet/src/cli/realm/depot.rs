//! `carnet realm depot`, as it is typed.

use carnet_ticket::realm::{DepotId, NodeKey};
use clap::Subcommand;

use super::ServerArgs;

/// `carnet realm depot`.
#[derive(Debug, Subcommand)]
pub enum DepotCommand {
    /// List depots, newest first.
    List(ServerArgs),
    /// Make a depot, with an empty directory for its root.
    #[command(
        after_help = "Example:\n  carnet realm depot create --title releases --max-history 50"
    )]
    Create {
        /// Its title.
        #[arg(long)]
        title: Option<String>,
        /// How many former roots it keeps; else 20.
        #[arg(long, value_name = "N")]
        max_history: Option<u64>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show a depot.
    Show {
        /// The depot.
        id: DepotId,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Give a depot a new root. An older one takes it back there.
    #[command(
        after_help = "Example:\n  carnet realm depot commit depot:01HQXK5V8N3Y7M2P4R6T9W0ABC \
        node:Q3BPPGM9JV7NEH7XQCPBZENTF0"
    )]
    Commit {
        /// The depot.
        id: DepotId,
        /// The new root.
        key: NodeKey,
        /// Only if this is still the root.
        #[arg(long, value_name = "KEY")]
        expect: Option<NodeKey>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Change a depot's title, or how much it remembers.
    Update {
        /// The depot.
        id: DepotId,
        /// Its new title.
        #[arg(long, required_unless_present = "max_history")]
        title: Option<String>,
        /// How many former roots it keeps from now on.
        #[arg(long, value_name = "N")]
        max_history: Option<u64>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Delete a depot. What it named stays for as long as something else names it.
    Delete {
        /// The depot.
        id: DepotId,
        #[command(flatten)]
        server: ServerArgs,
    },
}
