//! [`MessageError`].

use crate::jws::JwsError;

/// Why a text is no message of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// It is longer than a message of its type may be.
    #[error("a message has at most {max} bytes, not {len}")]
    TooLong {
        /// How long it is.
        len: usize,
        /// How long it may be.
        max: usize,
    },
    /// It is no compact JWS, or its payload is no message.
    #[error("not a message of a revocation feed")]
    Malformed,
    /// No key of the feed has signed it.
    #[error("signed by a key that is not known")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("the signature is wrong")]
    BadSignature,
    /// It is somebody else's.
    #[error("a message of another issuer")]
    IssuerMismatch,
    /// An entry is no revocation.
    #[error("an entry is no revocation")]
    BadEntry,
    /// Its entries are not those that its numbers announce.
    #[error("the entries are not numbered as the message says")]
    BadNumbers,
}

impl MessageError {
    /// The stable snake-case name in metrics and logs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too_long",
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::IssuerMismatch => "issuer_mismatch",
            Self::BadEntry => "bad_entry",
            Self::BadNumbers => "bad_numbers",
        }
    }
}

impl From<JwsError> for MessageError {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::Malformed => Self::Malformed,
            JwsError::UnknownKey => Self::UnknownKey,
            JwsError::BadSignature => Self::BadSignature,
        }
    }
}
