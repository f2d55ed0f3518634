//! Messages about revocations, from who accepts them to who has to know. Source: control plane spec, section 4.
//!
//! A [`Message`] is a compact JWS that the issuer's `revocation-feed` key signs. A *snapshot* tells all that counts, a
//! *delta* what came next, *alive* that nothing did. What is believed of them, and when, is the receiver's to judge.

mod entry;
mod error;
mod message;
mod verify;

pub use error::MessageError;
pub use message::{Message, News};
pub use verify::{VerifiedMessage, verify};

/// `use` of its keys in the issuer's JWKS.
pub const JWK_USE: &str = "revocation-feed";

/// `typ` in the header of every message.
pub const TYPE: &str = "carnet-revocations+jws";

/// The longest delta or sign of life, as it is signed, in bytes.
pub const DELTA_LEN_MAX: usize = 1 << 20;

/// The longest snapshot, as it is signed, in bytes: a million revocations of the usual size.
pub const SNAPSHOT_LEN_MAX: usize = 256 << 20;
