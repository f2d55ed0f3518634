//! [`TaskId`]: names a task.

use crate::realm::prefixed_ulid;

prefixed_ulid! {
    /// The id of a task: text `task:<ULID>`. No secret.
    TaskId = "task:",
    /// A text is not the id of a task.
    MalformedTaskId = "a task is task:<ULID>"
}
