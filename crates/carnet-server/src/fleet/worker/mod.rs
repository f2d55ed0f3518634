//! What workers tell of the tasks that they have, in the form that StacyVM has: one file per thing.

mod renew;
mod report;

pub(crate) use renew::renew;
pub(crate) use report::report;

use carnet_ticket::verify::Reason;
use http::StatusCode;

use super::FleetPeer;
use crate::problem::Problem;

/// 409: whoever says it has the lease no longer, or never had it. It is written down as a denial.
fn stale_lease(peer: &FleetPeer) -> Problem {
    Problem {
        denied: Some(Box::new(peer.grant.deny(Reason::StaleLease))),
        ..Problem::other(StatusCode::CONFLICT, "stale_lease", "the lease is not current")
    }
}
