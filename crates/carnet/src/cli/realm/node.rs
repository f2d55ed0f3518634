//! `carnet realm node`, as it is typed.

use std::path::PathBuf;

use carnet_ticket::realm::NodeKey;
use clap::Subcommand;

use super::ServerArgs;

/// `carnet realm node`.
#[derive(Debug, Subcommand)]
pub enum NodeCommand {
    /// Store a file and print its key.
    #[command(
        after_help = "Examples:\n  carnet realm node put photo.jpg\n  pg_dump app | carnet realm node put - --type \
        application/sql"
    )]
    Put {
        /// The file; - is stdin.
        path: PathBuf,
        /// Its content type; else by extension.
        #[arg(long = "type", value_name = "TYPE")]
        content_type: Option<String>,
        /// Nodes sent at a time.
        #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
        jobs: u16,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Fetch a file.
    #[command(
        after_help = "Example:\n  carnet realm node get node:Q3BPPGM9JV7NEH7XQCPBZENTF0 -o photo.jpg"
    )]
    Get {
        /// The file's key.
        key: NodeKey,
        /// Where it is written.
        #[arg(long, short)]
        output: PathBuf,
        /// Replace what is there.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Write a file's content to stdout.
    Cat {
        /// The file's key.
        key: NodeKey,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Tell what a node is.
    Info {
        /// The node's key.
        key: NodeKey,
        #[command(flatten)]
        server: ServerArgs,
    },
}
