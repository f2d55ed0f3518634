//! Revocations: what they name, and the set that every admission asks.

mod selector;
mod set;

pub use selector::{InvalidSelector, Selector};
pub use set::RevocationSet;

use carnet_ticket::time::Timestamp;

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

/// Revocations that follow one another, to be applied together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// The number of the first entry.
    pub from_seq: u64,
    /// The number of the last.
    pub seq: u64,
    /// The entries, in the order of their numbers.
    pub entries: Vec<Entry>,
}

impl Delta {
    /// One entry by itself.
    pub fn one(entry: Entry) -> Self {
        Self { from_seq: entry.seq, seq: entry.seq, entries: vec![entry] }
    }
}

/// What applying revocations did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// The number of the newest revocation in force.
    pub seq: u64,
    /// How many live grants they ended.
    pub ended: usize,
}

/// Why revocations were not applied. Nothing has changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// Entries between what is in force and these are missing.
    #[error("revocations {expected} to {} are missing", found - 1)]
    Gap {
        /// The number that had to come next.
        expected: u64,
        /// The number that came.
        found: u64,
    },
}
