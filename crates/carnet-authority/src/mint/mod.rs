//! Minting: every format, under its policy. Gives the token and the entry that has to be in the ledger before the
//! token leaves; stores nothing.

mod attenuate;
mod capability;
mod jwt;
mod worker_token;

pub use attenuate::{AttenuateError, Narrowing, attenuate};
pub use capability::{CapabilityMintError, CapabilityRequest, capability};
pub use jwt::{JwtMintError, JwtRequest, jwt};
pub use worker_token::{WorkerSigner, WorkerTokenRequest, worker_token};

use carnet_ticket::capability::TicketLimits;
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Profile;
use secrecy::SecretString;

use crate::ledger::LedgerEntry;

/// Who mints, when, and under which id of the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Issue<'a> {
    /// The entry's id.
    pub id: Ulid,
    /// Who asked for it: `user:…`, `key:…`.
    pub issued_by: &'a str,
    /// The tenant it will belong to.
    pub tenant_id: Option<&'a str>,
    /// The request that asked for it.
    pub request_id: &'a str,
    /// The moment.
    pub now: Timestamp,
}

/// What tickets of a role may say, and how strictly they will be judged.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// The manifest's limits.
    pub limits: TicketLimits,
    /// The profile.
    pub profile: Profile,
}

/// A token, and what the ledger has to hold before it leaves.
#[derive(Debug)]
pub struct Minted {
    /// The token's text.
    pub token: SecretString,
    /// Its entry.
    pub entry: LedgerEntry,
}
