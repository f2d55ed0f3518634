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
pub(crate) use revocations::revocations;
pub(crate) use sandboxes::sandboxes;

use carnet_ticket::identity::WorkerId;
use carnet_ticket::verify::Reason;
use http::StatusCode;

use super::FleetPeer;
use crate::problem::Problem;
use crate::registry::RegistryError;

/// The most bytes that a body may have.
pub(super) const BODY_MAX: u64 = 256 << 10;

/// The worker that a path names; one that cannot be is nobody.
pub(super) fn worker_id(text: &str) -> Result<WorkerId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// Nothing, if the caller may be the worker of this id on the routes of StacyVM; else what StacyVM calls that.
pub(crate) fn own(peer: &FleetPeer, id: &WorkerId) -> Result<(), Problem> {
    if peer.may_be(id) {
        return Ok(());
    }
    let mut problem = Problem::other(StatusCode::FORBIDDEN, "unauthorized", "not allowed");
    problem.denied = Some(Box::new(peer.grant.deny(Reason::Scope)));
    Err(problem)
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
            tracing::info!(worker = peer.subject(), %error, "a worker was refused");
            peer.grant.deny(Reason::Scope).into()
        }
    }
}
