//! [`EnrollmentId`].

use std::fmt;
use std::str::FromStr;

use crate::realm::Ulid;

/// Names an enrollment: `enroll:<ULID>`. Not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnrollmentId(pub Ulid);

/// A text that had to be `enroll:<ULID>` was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an enrollment's id is enroll:<ULID>")]
pub struct MalformedEnrollmentId;

impl FromStr for EnrollmentId {
    type Err = MalformedEnrollmentId;

    fn from_str(text: &str) -> Result<Self, MalformedEnrollmentId> {
        let ulid = text.strip_prefix("enroll:").ok_or(MalformedEnrollmentId)?;
        ulid.parse().map(Self).map_err(|_| MalformedEnrollmentId)
    }
}

impl fmt::Display for EnrollmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "enroll:{}", self.0)
    }
}
