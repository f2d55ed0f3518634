//! What members of the fleet may do, by their kind. Source: control plane spec, section 6; worker runtime spec,
//! section 9.

use carnet_gate::RightsMap;
use carnet_ticket::identity::Kind;
use carnet_ticket::rights::{Rights, RouteScopes};
use carnet_ticket::verify::{Facts, Reason, Verified};
use carnet_ticket::worker_token::WorkerScope;

/// Rights of certificates, tokens carry theirs: a worker has every scope of workers, an operator is an administrator. The control plane
/// calls and is not called.
pub(crate) struct FleetRights;

impl RightsMap for FleetRights {
    fn rights(&self, verified: &Verified, _: &Facts) -> Result<Rights, Reason> {
        let kind = verified.subject.as_deref().and_then(|subject| subject.split_once('/'));
        let scopes = match kind.and_then(|(kind, _)| Kind::from_name(kind)) {
            Some(Kind::Worker) => {
                let scopes = WorkerScope::ALL.map(WorkerScope::as_str).to_vec();
                RouteScopes { scopes, ..RouteScopes::of_role("worker") }
            }
            Some(Kind::Operator) => RouteScopes::of_role("admin"),
            Some(Kind::ControlPlane) => RouteScopes::of_role("control-plane"),
            None => return Err(Reason::Role),
        };
        Ok(Rights::Routes(scopes))
    }
}
