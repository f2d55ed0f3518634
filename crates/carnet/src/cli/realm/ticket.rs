//! `carnet realm ticket`, as it is typed.

use std::time::Duration;

use carnet_ticket::realm::NodeKey;
use clap::{Args, Subcommand};

use super::{ServerArgs, values};

/// `carnet realm ticket`.
#[derive(Debug, Subcommand)]
pub enum TicketCommand {
    /// Make a ticket and print it. It is a secret: who has it, may use it.
    #[command(
        after_help = "Example:\n  carnet realm ticket create -i node:Q3BPPGM9JV7NEH7XQCPBZENTF0 -w -q 10MiB -a \
        'image/*' -t 1h"
    )]
    Create(CreateArgs),
    /// Make a child of a ticket and print it: it gets no more than its parent, and ends with it.
    #[command(
        after_help = "Example:\n  carnet realm ticket attenuate self -i node:Q3BPPGM9JV7NEH7XQCPBZENTF0 -t 10m\n\n\
        What is not said the child gets from its parent; it writes only with -w."
    )]
    Attenuate(AttenuateArgs),
    /// List tickets, newest first.
    List {
        /// Only those of one status: issued, committed, revoked, archived.
        #[arg(long)]
        status: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show a ticket.
    Show {
        /// The ticket; self is one's own.
        id: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Give a ticket its result; the ticket itself is presented.
    Commit {
        /// The ticket; self is one's own.
        id: String,
        /// The result.
        key: NodeKey,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Revoke a ticket: what rests on it ends at once.
    Revoke {
        /// The ticket.
        id: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Delete a ticket's record. What it uploaded stays.
    Delete {
        /// The ticket.
        id: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Wait until a ticket has its result, and print that. Exit 1 when it ends without.
    Wait {
        /// The ticket; self is one's own.
        id: String,
        /// How long at most.
        #[arg(long, default_value = "1h", value_parser = values::duration)]
        timeout: Duration,
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `carnet realm ticket create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// What it may read; may be repeated.
    #[arg(
        long,
        short,
        value_name = "KEY",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub input: Vec<NodeKey>,
    /// It may read the whole realm.
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `carnet realm ticket attenuate`.
#[derive(Debug, Args)]
pub struct AttenuateArgs {
    /// The parent; self is one's own ticket.
    pub id: String,
    /// What the child may read; may be repeated.
    #[arg(long, short, value_name = "KEY")]
    pub input: Vec<NodeKey>,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub server: ServerArgs,
}

/// What a ticket is for, and how much it allows.
#[derive(Debug, Args)]
pub struct LimitArgs {
    /// What it is for.
    #[arg(long, short, value_name = "TEXT")]
    pub purpose: Option<String>,
    /// It may write and commit.
    #[arg(long, short)]
    pub writable: bool,
    /// The most bytes it may write.
    #[arg(long, short, value_name = "SIZE", requires = "writable", value_parser = values::size)]
    pub quota: Option<u64>,
    /// A content type that it may write; may be repeated.
    #[arg(long, short, value_name = "TYPE", requires = "writable")]
    pub accept: Vec<String>,
    /// How long it counts.
    #[arg(long, short, value_name = "DURATION", value_parser = values::duration)]
    pub ttl: Option<Duration>,
    /// It may make children of itself.
    #[arg(long)]
    pub delegable: bool,
}
