//! Revocations: what each ends. Source: control plane spec, section 4.

mod selector;

use std::time::Duration;

pub use selector::{InvalidSelector, Selector, issued_at_s};

use crate::time::Timestamp;

/// How long after its end a revocation still counts: clocks may differ by as much.
const KEEP_AFTER_END: Duration = Duration::from_secs(30);

/// One revocation, numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number: without gaps, from 1.
    pub seq: u64,
    /// What it ends.
    pub selector: Selector,
    /// When it was accepted.
    pub at: Timestamp,
    /// When everything it names has ended by itself; 30 s later the entry counts no more.
    pub exp: Option<Timestamp>,
}

impl Entry {
    /// Whether it may still end something at `now`.
    pub fn counts_at(&self, now: Timestamp) -> bool {
        counts_at(self.exp, now)
    }
}

/// Whether an entry that ends at `exp` may still end something at `now`.
pub fn counts_at(exp: Option<Timestamp>, now: Timestamp) -> bool {
    exp.is_none_or(|end| end.after(KEEP_AFTER_END) > now)
}
