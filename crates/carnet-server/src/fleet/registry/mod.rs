//! What workers tell the registry, in the form that Crank's platform has: one file per thing.

mod deregister;
mod health;
mod heartbeat;
mod list;
mod register;
mod revocations;

pub(super) use deregister::deregister;
pub(super) use health::{live, ready};
pub(super) use heartbeat::heartbeat;
pub(super) use list::list;
pub(super) use register::register;
pub(super) use revocations::revocations;

use carnet_ticket::identity::WorkerId;
use carnet_ticket::verify::Reason;

use super::FleetPeer;
use crate::problem::Problem;
use crate::registry::RegistryError;

/// The most bytes that a body may have.
const BODY_MAX: u64 = 256 << 10;

/// The worker that a path names; one that cannot be is nobody.
pub(super) fn worker_id(text: &str) -> Result<WorkerId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// What the caller learns of it: that it may not.
pub(super) fn refused(peer: &FleetPeer, error: &RegistryError) -> Problem {
    match error {
        RegistryError::Store(error) => error.clone().into(),
        RegistryError::TooMany => Problem::unavailable(),
        error => {
            tracing::info!(worker = %peer.leaf.subject(), %error, "a worker was refused");
            peer.grant.deny(Reason::Scope).into()
        }
    }
}
