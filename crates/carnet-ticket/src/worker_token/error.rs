//! [`WorkerTokenError`]: why a token is refused.

use crate::claim::ClaimName;

/// Why a token, or a request with one, is refused. In the order in which it is judged; members before expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerTokenError {
    /// No key and no static token is known here: a fault of the server, not of the caller.
    #[error("worker authentication is not configured")]
    Unconfigured,
    /// Neither header carries a token.
    #[error("no worker token")]
    NoToken,
    /// The header that names the worker is missing.
    #[error("no worker id")]
    NoWorkerId,
    /// More than [`TOKEN_LEN_MAX`](super::TOKEN_LEN_MAX) characters.
    #[error("worker token too long")]
    TooLong,
    /// Not the parts that its format has.
    #[error("worker token malformed")]
    Format,
    /// No key of this id.
    #[error("worker token of an unknown key")]
    UnknownKey,
    /// No key made this signature over this text.
    #[error("worker token signature invalid")]
    Signature,
    /// Not base64url of one JSON object.
    #[error("worker token payload malformed")]
    Payload,
    /// A member that is there twice.
    #[error("worker token repeats {0}")]
    DuplicateClaim(ClaimName),
    /// A member that the format does not have.
    #[error("worker token has unknown {0}")]
    UnknownClaim(ClaimName),
    /// A member of another type, out of range, or with other characters.
    #[error("worker token has wrong {0}")]
    WrongType(ClaimName),
    /// A member that must be there, and say something.
    #[error("worker token lacks {0}")]
    MissingClaim(ClaimName),
    /// Its time is over.
    #[error("worker token expired")]
    Expired,
    /// Its time is still to come.
    #[error("worker token not valid yet")]
    NotYetValid,
    /// Issued more than 30 s ahead.
    #[error("worker token issued in the future")]
    IssuedInFuture,
    /// It lives longer than any token may.
    #[error("worker token lives too long")]
    Lifetime,
    /// For another endpoint.
    #[error("worker token for another audience")]
    Audience,
    /// Of another worker than the header names.
    #[error("worker token of another worker")]
    WorkerIdMismatch,
    /// Its id is on the emergency list.
    #[error("worker token revoked")]
    Revoked,
    /// Not this worker's static token.
    #[error("static worker token wrong")]
    StaticMismatch,
}

impl WorkerTokenError {
    /// The stable snake-case name in metrics, logs and audit.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unconfigured => "unconfigured",
            Self::NoToken => "no_token",
            Self::NoWorkerId => "no_worker_id",
            Self::TooLong => "too_long",
            Self::Format => "format",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Payload => "payload",
            Self::DuplicateClaim(_) => "duplicate_claim",
            Self::UnknownClaim(_) => "unknown_claim",
            Self::WrongType(_) => "wrong_type",
            Self::MissingClaim(_) => "missing_claim",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::IssuedInFuture => "issued_in_future",
            Self::Lifetime => "lifetime",
            Self::Audience => "audience",
            Self::WorkerIdMismatch => "worker_id_mismatch",
            Self::Revoked => "revoked",
            Self::StaticMismatch => "static_mismatch",
        }
    }
}
