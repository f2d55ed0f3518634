//! `carnet keys`, as it is typed.

use carnet_authority::keyring::Purpose;
use carnet_ticket::id::KeyId;
use clap::Subcommand;

use super::{ServerArgs, values};

/// `carnet keys`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the keys.
    #[command(after_help = "Example:\n  carnet keys list")]
    List(ServerArgs),
    /// Tell which member of the fleet has which keys. With --require exit 1 while one lacks it.
    #[command(after_help = "Example:\n  carnet keys status --require 7b51cb7896ace11d")]
    Status {
        /// A key that every live member has to have.
        #[arg(long, value_name = "ID", value_parser = values::key_id)]
        require: Option<KeyId>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Make a new key, which verifies and does not sign yet.
    #[command(after_help = "Example:\n  carnet keys rotate worker-ed25519")]
    Rotate {
        /// worker-hmac, worker-ed25519, jwt, revocation-feed or audit-checkpoint.
        #[arg(value_parser = values::purpose)]
        purpose: Purpose,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Let a staged key sign. Refused while a member lacks it.
    #[command(after_help = "Example:\n  carnet keys promote 7b51cb7896ace11d")]
    Promote {
        /// The key.
        #[arg(value_parser = values::key_id)]
        id: KeyId,
        /// Even if a member lacks it: that one will refuse new tokens.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Refuse a key from now on. Refused while tokens under it may live.
    #[command(after_help = "Example:\n  carnet keys retire 7b51cb7896ace11d")]
    Retire {
        /// The key.
        #[arg(value_parser = values::key_id)]
        id: KeyId,
        /// Even if tokens under it live: they will be refused.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
}
