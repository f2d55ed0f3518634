//! What can be typed.

use std::path::PathBuf;
use std::time::Duration;

use carnet_ticket::realm::NodeKey;
use clap::{Args, Parser, Subcommand};

use crate::output::Format;

/// Identity for every worker, a ticket for every task.
#[derive(Debug, Parser)]
#[command(name = "carnet", version, about, max_term_width = 100)]
#[command(
    after_help = "Examples:\n  carnet demo                       see it work\n  carnet serve                      \
    start a server in ./carnet-data\n  carnet realm node put photo.jpg   store a file\n\nExit codes: 0 done, 1 denied or \
    a failed check, 2 wrong usage, 3 could not run."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show a real task from end to end, on a server of its own.
    Demo(DemoArgs),
    /// Serve the API on this machine.
    Serve(ServeArgs),
    /// Work with the content store.
    #[command(subcommand)]
    Realm(RealmCommand),
    /// End something everywhere at once.
    Revoke(RevokeArgs),
    /// Tell what something is, without asking a server.
    Inspect(InspectArgs),
    /// Check that everything a server needs is in order.
    Doctor(DoctorArgs),
    /// Work with the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the completion script of a shell.
    #[command(after_help = "Example:\n  carnet completions bash > /etc/bash_completion.d/carnet")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// The worker's side of the demo.
    #[command(hide = true)]
    DemoWorker {
        #[command(subcommand)]
        part: DemoPart,
    },
}

/// Which server, and what is presented there.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// The server's URL; else `CARNET_SERVER`, the local socket, the default address.
    #[arg(long, global = true, value_name = "URL")]
    pub server: Option<String>,
    /// The data folder whose local socket is used.
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The realm: self, user:…, tenant:….
    #[arg(long, global = true, default_value = "self")]
    pub realm: String,
    /// A file with a task ticket; - is stdin. Else `CARNET_TICKET`.
    #[arg(long, global = true, value_name = "FILE")]
    pub ticket_file: Option<PathBuf>,
    /// A file with an API key or token; - is stdin. Else `CARNET_TOKEN`.
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "ticket_file")]
    pub token_file: Option<PathBuf>,
    /// The form of the output.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub format: Format,
}

/// `carnet demo`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  carnet demo --output thumbnail.jpg --keep")]
pub struct DemoArgs {
    /// Where the thumbnail is written.
    #[arg(long, short, default_value = "carnet-demo.jpg")]
    pub output: PathBuf,
    /// Leave the server running, and say how to go on.
    #[arg(long)]
    pub keep: bool,
}

/// The parts of the demo that a worker plays.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum DemoPart {
    /// Read the picture, make a thumbnail, commit it.
    Thumbnail,
    /// Try what the ticket does not allow.
    Trespass,
    /// Hold an event stream and a slow download.
    Hold,
}

/// Where a configuration comes from.
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The data folder.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Set a key, over file and environment; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_setting)]
    pub settings: Vec<(String, String)>,
}

/// `carnet serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  carnet serve\n  carnet serve --data-dir /var/lib/carnet --set server.port=7500\n\n\
    Without a configuration a private data folder with random keys is made."
)]
pub struct ServeArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `carnet config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every key with its value and where that comes from; secrets are not shown.
    #[command(after_help = "Example:\n  CARNET_SERVER_PORT=7500 carnet config show")]
    Show {
        #[command(flatten)]
        config: ConfigArgs,
        /// The form of the output.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

/// `carnet doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  carnet doctor --data-dir /var/lib/carnet")]
pub struct DoctorArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// `carnet revoke`.
#[derive(Debug, Args)]
#[command(
    after_help = "WHAT is one of:\n  ticket:<ULID>   a task ticket\n  key:<ULID>      an API key, with the tickets it \
    issued\n  64 hex digits   a content id\n  subject/ID      everything issued to ID until now\n  key/ID          everything \
    that key signed\n  cert/SERIAL     a certificate\n\nExample:\n  carnet revoke ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC --preview"
)]
pub struct RevokeArgs {
    /// What to end; - reads it from stdin.
    pub what: String,
    /// Why, for the record.
    #[arg(long)]
    pub reason: Option<String>,
    /// Only say what would end.
    #[arg(long)]
    pub preview: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `carnet inspect`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  carnet inspect node:000B5PHBGEC2A705WTKKMVRS30")]
pub struct InspectArgs {
    /// A credential or an id, told by its form; - reads it from stdin.
    pub what: String,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

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

/// `carnet realm ticket`.
#[derive(Debug, Subcommand)]
pub enum TicketCommand {
    /// Make a ticket and print it. It is a secret: who has it, may use it.
    #[command(
        after_help = "Example:\n  carnet realm ticket create -i node:Q3BPPGM9JV7NEH7XQCPBZENTF0 -w -q 10MiB -a \
        'image/*' -t 1h"
    )]
    Create(CreateArgs),
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
        #[arg(long, default_value = "1h", value_parser = parse_duration)]
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
    /// What it is for.
    #[arg(long, short, value_name = "TEXT")]
    pub purpose: Option<String>,
    /// It may write and commit.
    #[arg(long, short)]
    pub writable: bool,
    /// The most bytes it may write.
    #[arg(long, short, value_name = "SIZE", requires = "writable", value_parser = parse_size)]
    pub quota: Option<u64>,
    /// A content type that it may write; may be repeated.
    #[arg(long, short, value_name = "TYPE", requires = "writable")]
    pub accept: Vec<String>,
    /// How long it counts.
    #[arg(long, short, value_name = "DURATION", value_parser = parse_duration)]
    pub ttl: Option<Duration>,
    #[command(flatten)]
    pub server: ServerArgs,
}

fn parse_setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    carnet_config::parse_duration(text).ok_or_else(|| "expected a duration like 1h30m".to_owned())
}

fn parse_size(text: &str) -> Result<u64, String> {
    carnet_config::parse_size(text).ok_or_else(|| "expected a size like 10MiB".to_owned())
}
