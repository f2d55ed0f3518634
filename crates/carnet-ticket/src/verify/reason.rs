//! [`Reason`]: why something was denied. Callers never learn it; log, metric and audit do.

use std::fmt;

use super::facts::RowEnd;
use super::limits::Meter;
use crate::capability::CapabilityError;
use crate::identity::PeerError;
use crate::jwt::JwtError;
use crate::realm::p256::P256Error;
use crate::worker_token::WorkerTokenError;

/// Why something presented, or something asked of a grant, was denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// No class could be told from it.
    #[error("the credential is of no known class")]
    UnknownClass,
    /// Its class, or its rights, mean nothing on this surface.
    #[error("the credential is not accepted on this surface")]
    NotAccepted,
    /// Not what its class looks like.
    #[error("the credential is malformed")]
    Malformed,
    /// Longer than its class may be.
    #[error("the credential is too large")]
    TooLarge,
    /// Well formed, but nothing like it was issued, or it was deleted, or its secret is wrong.
    #[error("the credential is unknown")]
    Unknown,
    /// Its row says it is over.
    #[error("the credential is over: {}", .0.as_str())]
    Gone(RowEnd),
    /// Its time is over.
    #[error("the credential has expired")]
    Expired,
    /// Its time has not come.
    #[error("the credential is not valid yet")]
    NotYetValid,
    /// Withdrawn.
    #[error("the credential is revoked by {0}")]
    Revoked(RevocationKind),
    /// The grant it had become is over.
    #[error("the grant has ended: {0}")]
    Ended(Ended),
    /// Its budget is spent, for good.
    #[error("the credential has used up its {0}")]
    Exhausted(Meter),
    /// It does not reach that far.
    #[error("outside the credential's scope")]
    Scope,
    /// Its role may not do that.
    #[error("not for this role")]
    Role,
    /// It works under a lease that is over, or another's.
    #[error("the lease is over, or another's")]
    StaleLease,
    /// More often than its scope lets it.
    #[error("more often than the scope allows")]
    Rate,
    /// That much is not left.
    #[error("over the quota of {0}")]
    Quota(Meter),
    /// A session asks for a change without what its own forms carry.
    #[error("the request did not come from a page of the session")]
    Forged,
    /// A capability ticket was refused.
    #[error(transparent)]
    Capability(CapabilityError),
    /// A token was refused.
    #[error(transparent)]
    Jwt(JwtError),
    /// A worker token was refused.
    #[error(transparent)]
    WorkerToken(WorkerTokenError),
    /// A signed request was refused.
    #[error(transparent)]
    SignedRequest(P256Error),
    /// A client certificate names no member of this fleet.
    #[error(transparent)]
    Certificate(PeerError),
    /// News of revocations stayed away for too long to let in what lives on for long.
    #[error("the gate has heard of no revocations for too long")]
    RevocationStale,
    /// The gate holds as many grants or meters as it may.
    #[error("the gate is at its capacity")]
    Capacity,
    /// The store did not say, or what it said is out of date.
    #[error("the credential's status could not be read")]
    StatusUnavailable,
}

impl Reason {
    /// The stable snake-case name in metrics, logs and audit.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownClass => "unknown_class",
            Self::NotAccepted => "not_accepted",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::Unknown => "unknown",
            Self::Gone(_) => "gone",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Revoked(_) => "revoked",
            Self::Ended(_) => "ended",
            Self::Exhausted(_) => "exhausted",
            Self::Scope => "scope",
            Self::Role => "role",
            Self::StaleLease => "stale_lease",
            Self::Rate => "rate",
            Self::Quota(_) => "quota",
            Self::Forged => "forged",
            Self::Capability(error) => error.code(),
            Self::Jwt(error) => error.code(),
            Self::WorkerToken(error) => error.code(),
            Self::SignedRequest(error) => error.code(),
            Self::Certificate(error) => error.code(),
            Self::RevocationStale => "revocation_stale",
            Self::Capacity => "capacity",
            Self::StatusUnavailable => "status_unavailable",
        }
    }
}

/// Why a grant ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ended {
    /// Its time is over.
    Expired,
    /// Withdrawn.
    Revoked(RevocationKind),
    /// Its budget is spent.
    Exhausted(Meter),
    /// Its row says it is over.
    Row(RowEnd),
    /// Whoever held it let go of it for every holder.
    Released,
}

impl Ended {
    /// The stable snake-case name in metrics and logs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Revoked(_) => "revoked",
            Self::Exhausted(_) => "exhausted",
            Self::Row(_) => "row",
            Self::Released => "released",
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What a revocation names (control plane spec, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RevocationKind {
    /// A token's own id.
    TokenId,
    /// A credential, and everything that derives from it.
    ContentId,
    /// A task ticket and its children.
    RealmTicket,
    /// Everything issued to one subject until a moment.
    Subject,
    /// Everything that one key signed.
    Key,
    /// A certificate, by serial.
    Certificate,
}

impl RevocationKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::TokenId,
        Self::ContentId,
        Self::RealmTicket,
        Self::Subject,
        Self::Key,
        Self::Certificate,
    ];

    /// The stable name: snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenId => "token_id",
            Self::ContentId => "content_id",
            Self::RealmTicket => "realm_ticket",
            Self::Subject => "subject",
            Self::Key => "key",
            Self::Certificate => "certificate",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for RevocationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
