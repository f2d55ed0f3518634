//! What can be typed.

pub mod audit;
pub mod ca;
pub mod credential;
pub mod enroll;
pub mod keys;
mod realm;
pub mod run;
pub mod task;
pub mod ticket;
pub mod values;
pub mod worker;

pub use realm::{
    AttenuateArgs, ClientCommand, CreateArgs, DepotCommand, LimitArgs, NodeCommand, NodeFileArgs,
    PutArgs, RealmCommand, TicketCommand, TokenCommand, UserCommand,
};

use std::path::PathBuf;

use carnet_ticket::identity::WorkerName;
use clap::{Args, Parser, Subcommand};

use self::credential::{InspectArgs, RevokeArgs, VerifyArgs};

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
    /// Serve the API on this machine, with a worker that does something.
    Dev(DevArgs),
    /// Serve the API on this machine.
    Serve(ServeArgs),
    /// Work with the content store.
    #[command(subcommand)]
    Realm(RealmCommand),
    /// End something everywhere at once.
    Revoke(RevokeArgs),
    /// Tell what something is, without asking a server.
    Inspect(InspectArgs),
    /// Judge a credential: with keys from here, or by asking the server.
    Verify(Box<VerifyArgs>),
    /// Work with tickets of every class, and the ledger of what was minted.
    #[command(subcommand)]
    Ticket(ticket::TicketCommand),
    /// Have workers do something.
    #[command(subcommand)]
    Task(task::TaskCommand),
    /// Work with workers.
    #[command(subcommand)]
    Worker(worker::WorkerCommand),
    /// Let workers come into the fleet.
    #[command(subcommand)]
    Enroll(enroll::EnrollCommand),
    /// Work with the fleet's certificate authority.
    #[command(subcommand)]
    Ca(ca::CaCommand),
    /// Turn over the keys of the server.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Read the audit log.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Print a link that signs you in to the admin UI, once.
    #[command(
        after_help = "Examples:\n  carnet ui\n  xdg-open \"$(carnet ui)\"\n\nWhoever has the link signs in: it is \
        good for 15 minutes, and for one browser."
    )]
    Ui {
        #[command(flatten)]
        server: ServerArgs,
    },
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
    /// The worker of `carnet dev`.
    #[command(hide = true)]
    DevWorker,
    /// A worker of the demo.
    #[command(hide = true)]
    DemoWorker {
        /// Its name.
        name: WorkerName,
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
    #[arg(long, global = true, value_enum, ignore_case = true, default_value_t)]
    pub format: Format,
}

impl ServerArgs {
    /// A server, and what is presented there beside the environment's.
    pub fn at(
        server: Option<String>,
        data_dir: Option<PathBuf>,
        token_file: Option<PathBuf>,
        format: Format,
    ) -> Self {
        Self { server, data_dir, realm: "self".to_owned(), ticket_file: None, token_file, format }
    }
}

/// `carnet demo`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  carnet demo --output thumbnails --keep")]
pub struct DemoArgs {
    /// The directory that the thumbnails are written to.
    #[arg(long, short, default_value = "carnet-demo")]
    pub output: PathBuf,
    /// Leave the server running, and say how to go on.
    #[arg(long)]
    pub keep: bool,
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
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = values::setting)]
    pub settings: Vec<(String, String)>,
}

/// `carnet dev`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  carnet dev\n  carnet task run image.thumbnail --input p.png --output t.png    in another \
    terminal, in the same folder\n\nThe worker greets (example.hello_world) and makes thumbnails (image.thumbnail). It ends \
    with the server."
)]
pub struct DevArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
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
