//! [`EnrollmentId`]: names an enrollment.

use crate::realm::prefixed_ulid;

prefixed_ulid! {
    /// The id of an enrollment: text `enroll:<ULID>`. No secret.
    EnrollmentId = "enroll:",
    /// A text is not the id of an enrollment.
    MalformedEnrollmentId = "an enrollment's id is enroll:<ULID>"
}
