//! Revocations in force: the set that every admission asks, and the receiver that hears of them from elsewhere.

mod hearing;
mod receiver;
mod set;

pub use hearing::Freshness;
pub(crate) use hearing::Hearing;
pub use receiver::Receiver;
pub use set::RevocationSet;

pub use carnet_ticket::revocation::{Entry, InvalidSelector, Selector};
use carnet_ticket::revocation_feed::MessageError;

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
    /// It is no message of this feed.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// It says that it was made later than this clock can be behind.
    #[error("made {ahead_s} s from now")]
    Future {
        /// How much later than now, in seconds.
        ahead_s: i64,
    },
    /// It was made before one that was accepted.
    #[error("made {behind_s} s before the last one that was accepted")]
    Replayed {
        /// How much earlier, in seconds.
        behind_s: i64,
    },
    /// It does not continue what is in force: the snapshot does.
    #[error("revocation {expected} has to come next, not {found}")]
    Gap {
        /// The number that had to come next.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// What it tells of is older than what is in force.
    #[error("it stands at revocation {found}, {own} is in force")]
    Rollback {
        /// The number of the newest revocation in force.
        own: u64,
        /// The number that it tells of.
        found: u64,
    },
}

impl FeedError {
    /// The stable snake-case name in metrics and logs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Message(error) => error.code(),
            Self::Future { .. } => "future",
            Self::Replayed { .. } => "replayed",
            Self::Gap { .. } => "gap",
            Self::Rollback { .. } => "rollback",
        }
    }
}
