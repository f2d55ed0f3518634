//! What workers tell the registry, in the form that Crank's platform has, and how workers of StacyVM say that they are
//! there: one file per thing.

mod deregister;
mod health;
mod heartbeat;
mod list;
mod register;
mod revocations;
mod sandboxes;

pub(super) use deregister::deregister;
pub(super) use health::{live, ready};
pub(super) use heartbeat::heartbeat;
pub(super) use list::list;
pub(super) use register::register;
pub(super) use revocations::revocations;
pub(super) use sandboxes::sandboxes;

use carnet_ticket::identity::WorkerId;
use carnet_ticket::verify::Reason;

use super::FleetPeer;
use crate::problem::Problem;
use crate::registry::RegistryError;

/// The most bytes that a body may have.
pub(super) const BODY_MAX: u64 = 256 << 10;

/// The worker that a path names; one that cannot be is nobody.
fn worker_id(text: &str) -> Result<WorkerId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// Counts a heartbeat of this form.
pub(super) fn heard(
    form: &'static str,
    heard: Result<bool, RegistryError>,
) -> Result<bool, RegistryError> {
    let result = match &heard {
        Ok(true) => "alive",
        Ok(false) => "unknown",
        Err(_) => "refused",
    };
    metrics::counter!("carnet_heartbeats_total", "form" => form, "result" => result).increment(1);
    heard
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
