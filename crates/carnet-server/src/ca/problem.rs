//! What callers of the control plane learn when the CA does not do what they ask.

use carnet_authority::ca::ActivateError;
use http::StatusCode;
use serde_json::json;

use super::{CaFault, RevokeFault, RotateFault};
use crate::problem::Problem;

impl From<CaFault> for Problem {
    /// The CA's own words are for the log.
    fn from(fault: CaFault) -> Self {
        tracing::error!(source = ?fault, "the CA failed: {fault}");
        match fault {
            CaFault::Store(error) => error.into(),
            _ => Self::unavailable(),
        }
    }
}

impl From<RevokeFault> for Problem {
    fn from(fault: RevokeFault) -> Self {
        let conflict = |code| Self::other(StatusCode::CONFLICT, code, "").saying(fault.to_string());
        match &fault {
            RevokeFault::ControlPlane => conflict("control_plane"),
            RevokeFault::NotQuarantined => conflict("not_quarantined"),
            RevokeFault::NotFound => Self::not_found(),
            RevokeFault::Store(error) => error.clone().into(),
        }
    }
}

impl From<RotateFault> for Problem {
    fn from(fault: RotateFault) -> Self {
        let conflict = |code| Self::other(StatusCode::CONFLICT, code, "").saying(fault.to_string());
        match fault {
            RotateFault::AlreadyPrepared => conflict("ca_prepared"),
            RotateFault::Activate(ActivateError::BundleNotSpread { behind }) => {
                conflict("bundle_not_spread").with(json!({ "behind": behind }))
            }
            RotateFault::Activate(_) => conflict("ca_not_prepared"),
            RotateFault::Fault(fault) => fault.into(),
        }
    }
}
