//! [`Report`]: what a worker says of a task that it works on.

use serde::{Deserialize, Serialize};

/// The header beside a report that says under which lease it was made: a [`LeaseMark`](super::LeaseMark).
pub const LEASE_HEADER: &str = "carnet-lease";

/// What a worker says of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Report {
    /// It has begun.
    Started,
    /// How far it is.
    Progress {
        /// From 0 to 1.
        #[serde(default)]
        fraction: f32,
        /// In the worker's words.
        #[serde(default)]
        message: String,
    },
    /// Something that people may want to read.
    Log {
        /// One line or more.
        message: String,
    },
    /// It is done: the attempt's ticket has its output.
    Succeeded,
    /// It is not done.
    Failed {
        /// Of the capability: `INVALID_IMAGE`.
        code: String,
        /// In the worker's words.
        #[serde(default)]
        message: String,
        /// Whether trying again may help.
        #[serde(default)]
        retryable: bool,
    },
}

impl Report {
    /// The longest body of one, in bytes.
    pub const LEN_MAX: usize = 8 << 10;
}
