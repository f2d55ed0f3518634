//! Enrollment tokens: their text, and how they travel. Source: worker runtime spec, section 3.
//!
//! ```text
//! carnet-enroll-v1.<secret, 32 bytes>.<SHA-256 of a CA certificate>     base64url without padding, 104 characters
//! ```
//!
//! Who presents one learns from it which CA to trust before it shows the secret. What is stored is the secret's
//! digest; what a token is good for is in its record (`carnet_authority::enroll`).

pub mod carrier;
mod id;
mod token;

pub use id::{EnrollmentId, MalformedEnrollmentId};
pub use token::{EnrollmentToken, EnrollmentTokenError, SecretDigest};
