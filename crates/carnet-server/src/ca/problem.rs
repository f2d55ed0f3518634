//! What callers learn when the CA does not do what they ask.

use super::{CaFault, RevokeFault};
use crate::problem::Problem;

impl From<CaFault> for Problem {
    /// What went wrong is for the log.
    fn from(fault: CaFault) -> Self {
        tracing::error!(source = ?fault, "the CA failed: {fault}");
        Self::unavailable()
    }
}

impl From<RevokeFault> for Problem {
    fn from(fault: RevokeFault) -> Self {
        match fault {
            RevokeFault::NotFound => Self::not_found(),
            RevokeFault::ControlPlane | RevokeFault::NotQuarantined => Self::conflict(),
            RevokeFault::Store(error) => error.into(),
        }
    }
}
