//! [`Denied`]: what the gate and its grants answer instead of yes.

use std::fmt;

use carnet_ticket::id::Fingerprint;
use carnet_ticket::rights::RuleId;
use carnet_ticket::verify::{Class, Reason, Surface};

/// Something was not allowed. The caller learns a status; log, metric and audit learn this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied {
    /// Why.
    pub reason: Reason,
    /// The class of what was presented, where one could be told.
    pub class: Option<Class>,
    /// Where.
    pub surface: Surface,
    /// Names the credential in the log; zeros when it did not decode.
    pub fingerprint: Fingerprint,
    /// The rule that decided, where one did.
    pub rule: Option<RuleId>,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "denied on {}: {}", self.surface, self.reason)
    }
}

impl std::error::Error for Denied {}
