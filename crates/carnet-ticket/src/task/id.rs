//! [`TaskId`]: names a task.

use std::fmt;
use std::str::FromStr;

use crate::realm::Ulid;
use crate::time::Timestamp;

const PREFIX: &str = "task:";

/// The id of a task: text `task:<ULID>`. No secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(Ulid);

/// A text is not the id of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a task is task:<ULID>")]
pub struct MalformedTaskId;

impl TaskId {
    /// One made at `now` with these random bytes.
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        Self(Ulid::new(now, random))
    }
}

impl FromStr for TaskId {
    type Err = MalformedTaskId;

    fn from_str(text: &str) -> Result<Self, MalformedTaskId> {
        let ulid = text.strip_prefix(PREFIX).ok_or(MalformedTaskId)?;
        ulid.parse().map(Self).map_err(|_| MalformedTaskId)
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0)
    }
}
