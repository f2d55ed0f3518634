//! Revocations: what each ends. Source: control plane spec, section 4.

mod selector;

pub use selector::{InvalidSelector, Selector, issued_at_s};

use crate::time::Timestamp;

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
