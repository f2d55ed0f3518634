//! Renewing a certificate: [`decide_renewal`].
//!
//! The certificates of an identity are counted: 1, 2, 3, …. One is *used* when it was seen in a completed handshake.
//! An owner has one certificate at a time, so an older one that comes back after its successor was used is a copy.

use std::fmt;
use std::time::Duration;

use carnet_ticket::time::Timestamp;

use crate::ca::VerifiedCsr;

/// How long a certificate counts after its successor was first used.
const OVERLAP: Duration = Duration::from_mins(10);

/// Which certificate of an identity: the first is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u64);

/// How a certificate came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// By an enrollment token.
    Enrollment,
    /// By the certificate before it.
    Renewal,
}

/// Whether a certificate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It counts.
    Live,
    /// It was withdrawn.
    Revoked,
    /// Its identity is quarantined.
    Quarantined,
    /// Its time is over.
    Expired,
}

/// A certificate of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GenerationRecord {
    /// Which one.
    pub generation: Generation,
    /// SHA-256 of its key's `SubjectPublicKeyInfo`.
    pub spki_sha256: [u8; 32],
    /// Whether a handshake was completed with it.
    pub is_used: bool,
    /// How it came to be.
    pub origin: Origin,
    /// Whether it counts.
    pub standing: Standing,
}

/// What a renewal gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// The newest certificate, once more: its answer was lost.
    Again(Generation),
    /// A new certificate of this generation.
    Issue {
        /// Which one.
        generation: Generation,
        /// The one that is revoked for it: its owner has lost the key.
        revoke: Option<Generation>,
    },
}

/// Why a certificate is not renewed. In the order in which faults are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenewError {
    /// The identity has no such certificate.
    #[error("the identity has no such certificate")]
    Unknown,
    /// The certificate was withdrawn.
    #[error("the certificate is revoked")]
    Revoked,
    /// The identity is quarantined.
    #[error("the identity is quarantined")]
    Quarantined,
    /// The certificate's time is over.
    #[error("the certificate has expired")]
    Expired,
    /// Somebody was enrolled under the name afterwards: it was moved.
    #[error("the name was enrolled anew")]
    Superseded,
    /// Two have the certificate.
    #[error("the certificate's successor is in use: somebody has a copy")]
    CloneDetected,
    /// The key was certified for this identity before.
    #[error("the key was certified before")]
    KeyReused,
}

/// What is done when a copy of a certificate is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CloneAction {
    /// Every certificate of the identity is revoked, and the identity quarantined.
    #[default]
    Quarantine,
    /// It is said, and nothing more.
    Alert,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Origin {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enrollment => "enrollment",
            Self::Renewal => "renewal",
        }
    }

    /// The origin of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Enrollment, Self::Renewal].into_iter().find(|origin| origin.as_str() == name)
    }
}

impl Generation {
    /// The one after the newest of `history`; the first, where there is none.
    pub fn after(history: &[GenerationRecord]) -> Self {
        Self(history.iter().map(|record| record.generation.0).max().unwrap_or(0) + 1)
    }
}

impl CloneAction {
    /// The name in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quarantine => "quarantine",
            Self::Alert => "alert",
        }
    }

    /// The action of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Quarantine, Self::Alert].into_iter().find(|action| action.as_str() == name)
    }

    /// Which certificates are revoked.
    pub fn revokes(self, history: &[GenerationRecord]) -> Vec<Generation> {
        let live = history.iter().filter(|record| record.standing == Standing::Live);
        let live = live.filter(|_| self == Self::Quarantine);
        live.map(|record| record.generation).collect()
    }
}

/// When those before a certificate end, as superseded, if it was first used at `used_at`: at once where its owner was
/// enrolled anew.
pub fn predecessors_end(origin: Origin, used_at: Timestamp) -> Timestamp {
    match origin {
        Origin::Enrollment => used_at,
        Origin::Renewal => used_at.after(OVERLAP),
    }
}

/// What the owner of the certificate `presented` gets for `csr`. `history` is every certificate of its identity.
pub fn decide_renewal(
    csr: &VerifiedCsr,
    presented: Generation,
    history: &[GenerationRecord],
) -> Result<Renewal, RenewError> {
    let own = history.iter().find(|record| record.generation == presented);
    match own.ok_or(RenewError::Unknown)?.standing {
        Standing::Live => {}
        Standing::Revoked => return Err(RenewError::Revoked),
        Standing::Quarantined => return Err(RenewError::Quarantined),
        Standing::Expired => return Err(RenewError::Expired),
    }
    let later = || history.iter().filter(|record| record.generation > presented);
    if later().any(|record| record.origin == Origin::Enrollment) {
        return Err(RenewError::Superseded);
    }
    let next = Generation::after(history);
    let has_key = |record: &GenerationRecord| record.spki_sha256 == *csr.spki_sha256();
    let newest = later().max_by_key(|record| record.generation);
    if let Some(newest) = newest {
        let is_direct = newest.generation.0 == presented.0 + 1;
        if is_direct && !newest.is_used && has_key(newest) && newest.standing == Standing::Live {
            return Ok(Renewal::Again(newest.generation));
        }
        if !is_direct || newest.is_used {
            return Err(RenewError::CloneDetected);
        }
    }
    if history.iter().any(has_key) {
        return Err(RenewError::KeyReused);
    }
    Ok(Renewal::Issue { generation: next, revoke: newest.map(|record| record.generation) })
}
