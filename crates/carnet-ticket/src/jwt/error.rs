//! [`JwtError`]: why a text is no token that counts here.

use crate::claim::ClaimName;

/// Why a text is no token that counts here. In the order in which it is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum JwtError {
    /// More characters than any token has.
    #[error("token of more than {} characters", super::TEXT_LEN_MAX)]
    TooLarge,
    /// Not three parts of canonical base64url, or not JSON objects in them.
    #[error("token malformed")]
    Malformed,
    /// A member that is there twice.
    #[error("member {0} is repeated")]
    Duplicate(ClaimName),
    /// A member of another JSON type than its meaning has.
    #[error("member {0} has the wrong type")]
    WrongType(ClaimName),
    /// The header demands what nobody here understands.
    #[error("token with critical header members")]
    Critical,
    /// Another type of token than the one required.
    #[error("token of another type")]
    Typ,
    /// No key serves the algorithm.
    #[error("algorithm not allowed")]
    AlgNotAllowed,
    /// No key has the key id that the header names.
    #[error("key unknown")]
    UnknownKey,
    /// No key fits.
    #[error("signature invalid")]
    Signature,
    /// A time outside the years 1970 to 9999.
    #[error("claim {0} is out of range")]
    OutOfRange(ClaimName),
    /// A claim that has to be there is not.
    #[error("claim {0} is missing")]
    MissingClaim(ClaimName),
    /// Issued by somebody else.
    #[error("issuer not allowed")]
    Issuer,
    /// Issued to somebody else.
    #[error("subject mismatch")]
    Subject,
    /// Its time has not come.
    #[error("token not yet valid")]
    NotYetValid,
    /// Its time is over.
    #[error("token expired")]
    Expired,
    /// Issued later than now.
    #[error("token issued in the future")]
    IssuedInFuture,
    /// It lives longer than tokens may.
    #[error("token lifetime above the maximum")]
    Lifetime,
    /// Issued too long ago.
    #[error("token too old")]
    TooOld,
    /// Meant for somebody else.
    #[error("audience mismatch")]
    Audience,
    /// A required claim is absent or different.
    #[error("claim {0} is not as required")]
    Claim(ClaimName),
}

impl JwtError {
    /// The stable snake-case name in metrics, logs and audit.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::Duplicate(_) => "duplicate",
            Self::WrongType(_) => "wrong_type",
            Self::Critical => "critical",
            Self::Typ => "typ",
            Self::AlgNotAllowed => "alg_not_allowed",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::OutOfRange(_) => "out_of_range",
            Self::MissingClaim(_) => "missing_claim",
            Self::Issuer => "issuer",
            Self::Subject => "subject",
            Self::NotYetValid => "not_yet_valid",
            Self::Expired => "expired",
            Self::IssuedInFuture => "issued_in_future",
            Self::Lifetime => "lifetime",
            Self::TooOld => "too_old",
            Self::Audience => "audience",
            Self::Claim(_) => "claim",
        }
    }

    pub(super) fn duplicate(name: &str) -> Self {
        Self::Duplicate(ClaimName::new(name))
    }

    pub(super) fn wrong_type(name: &str) -> Self {
        Self::WrongType(ClaimName::new(name))
    }

    pub(super) fn out_of_range(name: &str) -> Self {
        Self::OutOfRange(ClaimName::new(name))
    }

    pub(super) fn missing(name: &str) -> Self {
        Self::MissingClaim(ClaimName::new(name))
    }
}
