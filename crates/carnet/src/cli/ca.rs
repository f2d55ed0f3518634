//! `carnet ca`, as it is typed.

use std::path::PathBuf;

use carnet_ticket::identity::{Kind, Member, WorkerName};
use clap::{Args, Subcommand};

use super::enroll::NamesArgs;
use super::{ServerArgs, values};

/// `carnet ca`.
#[derive(Debug, Subcommand)]
pub enum CaCommand {
    /// Show the CA certificates that the fleet trusts, and how many certificates there are.
    #[command(after_help = "Example:\n  carnet ca show")]
    Show(ServerArgs),
    /// Certify a signing request. Nothing but its key gets into the certificate.
    #[command(
        after_help = "Example:\n  carnet ca issue --csr alice.csr --name alice --kind operator > alice.crt"
    )]
    Issue(Box<IssueArgs>),
    /// Revoke a certificate; or a member, with all that it has, until it is released.
    #[command(
        after_help = "Examples:\n  carnet ca revoke 5f0c1d2e3a4b5c6d7e8f9a0b1c2d3e4f --reason key_compromise\n  carnet ca \
        revoke worker/gpu-1"
    )]
    Revoke {
        /// A serial number, or KIND/NAME.
        #[arg(value_name = "SERIAL|KIND/NAME")]
        what: String,
        /// Why, for the record; `key_compromise` and `superseded` also stand in the revocation list.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Let a member that was revoked be enrolled again.
    #[command(after_help = "Example:\n  carnet ca release worker/gpu-1")]
    Release {
        /// The member.
        #[arg(value_name = "KIND/NAME")]
        member: Member,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Make the next CA certificate, which is trusted and signs nothing yet; with --activate let it sign.
    #[command(after_help = "Examples:\n  carnet ca rotate\n  carnet ca rotate --activate")]
    Rotate {
        /// Let the next CA sign. Refused while a worker that is online does not know it.
        #[arg(long)]
        activate: bool,
        /// Even if a worker does not know it: that one will trust nobody new.
        #[arg(long, requires = "activate")]
        force: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `carnet ca issue`.
#[derive(Debug, Args)]
pub struct IssueArgs {
    /// The signing request, PEM; - is stdin.
    #[arg(long, value_name = "FILE")]
    pub csr: PathBuf,
    /// The name in the certificate.
    #[arg(long)]
    pub name: WorkerName,
    /// worker, operator or control-plane.
    #[arg(long, default_value = "worker", value_parser = values::member_kind)]
    pub kind: Kind,
    #[command(flatten)]
    pub names: NamesArgs,
    #[command(flatten)]
    pub server: ServerArgs,
}
