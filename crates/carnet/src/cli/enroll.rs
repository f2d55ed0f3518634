//! `carnet enroll`, as it is typed.

use std::net::IpAddr;
use std::path::PathBuf;

use carnet_ticket::enrollment::EnrollmentId;
use carnet_ticket::identity::{CapabilityGlob, DnsName, WorkerName};
use clap::{Args, Subcommand};

use super::{ServerArgs, values};

/// `carnet enroll`.
#[derive(Debug, Subcommand)]
pub enum EnrollCommand {
    /// Make a token with which a worker comes into the fleet, once. It is shown once.
    #[command(
        after_help = "Examples:\n  carnet enroll new --name gpu-1\n  carnet enroll new --name gpu --count 8 --output urls\n  \
        carnet enroll new --name thumbs --dns thumbs.example --capability 'image.*' --ttl 1h"
    )]
    New(Box<NewArgs>),
    /// List enrollments that are open; never their tokens.
    #[command(after_help = "Example:\n  carnet enroll list --all")]
    List {
        /// Used, revoked and expired ones too.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Withdraw an enrollment that was not used.
    #[command(after_help = "Example:\n  carnet enroll revoke enroll:01HQXK5V8N3Y7M2P4R6T9W0ABC")]
    Revoke {
        /// The enrollment.
        id: EnrollmentId,
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `carnet enroll new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// What the worker is called.
    #[arg(long)]
    pub name: WorkerName,
    #[command(flatten)]
    pub names: NamesArgs,
    /// What it may offer; * stands for any characters. Else everything.
    #[arg(long = "capability", value_name = "GLOB")]
    pub capabilities: Vec<CapabilityGlob>,
    /// What the registry shows of it.
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = values::setting)]
    pub labels: Vec<(String, String)>,
    /// How long the token counts: 1m to 24h. Else 10m.
    #[arg(long, value_parser = values::duration_text)]
    pub ttl: Option<String>,
    /// So many workers, called NAME-1, NAME-2, …
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub count: Option<u16>,
    /// Write the URLs to this new file, which its owner alone may read, and not to the terminal.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub server: ServerArgs,
}

/// What a certificate says beside the name.
#[derive(Debug, Args)]
pub struct NamesArgs {
    /// A host that it may be reached as, beside its name.
    #[arg(long = "dns", value_name = "HOST")]
    pub dns: Vec<DnsName>,
    /// An address that it has.
    #[arg(long = "ip", value_name = "ADDRESS")]
    pub ip: Vec<IpAddr>,
    /// Not as `localhost`, `127.0.0.1` and `::1`.
    #[arg(long)]
    pub no_localhost: bool,
    /// How long its certificates live: 5m to 90 days. Else what the server is set to: 24h.
    #[arg(long, value_name = "DURATION", value_parser = values::duration_text)]
    pub cert_ttl: Option<String>,
}
