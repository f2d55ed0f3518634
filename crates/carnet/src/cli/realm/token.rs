//! `carnet realm token`, as it is typed.

use std::time::Duration;

use clap::Subcommand;

use super::{ServerArgs, values};

/// `carnet realm token`.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token for an agent and print it, this once. It is a secret: who has it, acts for you.
    #[command(
        after_help = "Example:\n  carnet realm token create nightly --ttl 7d > nightly.token"
    )]
    Create {
        /// What the agent is called.
        name: String,
        /// What it is for.
        #[arg(long, short, value_name = "TEXT")]
        description: Option<String>,
        /// How long it counts; 30 days at most, and when nothing is said.
        #[arg(long, short, value_name = "DURATION", value_parser = values::duration)]
        ttl: Option<Duration>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List the tokens that count, newest first.
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Revoke a token: its agent, and the tickets that it issued, end at once.
    Revoke {
        /// The token's id: token:….
        id: String,
        #[command(flatten)]
        server: ServerArgs,
    },
}
