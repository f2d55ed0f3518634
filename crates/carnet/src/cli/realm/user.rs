//! `carnet realm user`, as it is typed.

use clap::{Subcommand, ValueEnum};

use super::{ServerArgs, values};

/// `carnet realm user`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// List who has signed in or had something set, newest first.
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Set what somebody may do. It counts at once, for what lives too.
    #[command(
        after_help = "Example:\n  carnet realm user role user:6G409P2GT5R2426CS4X7366CK4 authorized"
    )]
    Role {
        /// user:…, key:…, tenant:…, or the subject of a development user.
        id: String,
        /// The role.
        role: RoleName,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Set how much somebody's realm may hold; 0 for no limit.
    #[command(after_help = "Example:\n  carnet realm user quota key:api 10GiB")]
    Quota {
        /// user:…, key:…, tenant:…, or the subject of a development user.
        id: String,
        /// How much.
        #[arg(value_name = "SIZE", value_parser = values::size)]
        bytes: u64,
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// A role of the content store.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum RoleName {
    /// Let in nowhere.
    Unauthorized,
    /// Has its realm.
    Authorized,
    /// Sets roles as well.
    Admin,
}
