//! [`Facts`]: what the store knows about a credential, read before it is judged.

use std::fmt;

use subtle::ConstantTimeEq;

use super::limits::Limits;
use crate::id::UniqueId;
use crate::realm::RealmId;
use crate::rights::Rights;
use crate::time::{Expiration, Timestamp};

/// What the store knows about something presented.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The gate's epoch before the store was read: facts older than a change of their row are refused.
    pub epoch: u64,
    /// The credential's row, when it has one.
    pub row: Option<Row>,
    /// Content ids of everything it derives from, nearest first.
    pub ancestors: Vec<UniqueId>,
    /// The realm it is at home in, when a row says so; none when that is closed to it.
    pub home: Option<RealmId>,
}

impl Facts {
    /// Nothing is known, and nothing needs to be.
    pub fn none() -> Self {
        Self::default()
    }
}

/// A credential as stored.
#[derive(Debug, Clone)]
pub struct Row {
    /// Names the credential to revocation and meters.
    pub content_id: UniqueId,
    /// Whom it was issued to.
    pub subject: String,
    /// What the presented secret is checked against.
    pub proof: Proof,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Until when it counts.
    pub expires: Expiration,
    /// Why it no longer counts, if so.
    pub ended: Option<RowEnd>,
    /// The rights it holds; `None` leaves them to the surface's map.
    pub rights: Option<Rights>,
    /// How much may be spent under it.
    pub limits: Limits,
}

/// What shows that the presenter holds the secret of a row.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// Knowing the id is enough: the id is the secret, and the row was found by it.
    None,
    /// BLAKE3 of the presented secret.
    Digest([u8; 32]),
}

impl Proof {
    /// Whether `secret` satisfies it, in time that does not depend on where it differs.
    pub fn holds(&self, secret: &[u8]) -> bool {
        match self {
            Self::None => true,
            Self::Digest(digest) => blake3::hash(secret).as_bytes().ct_eq(digest).into(),
        }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Digest(_) => "Digest(..)",
        })
    }
}

/// Why a row no longer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowEnd {
    /// The row is gone.
    Deleted,
    /// It was revoked before it had a result.
    Revoked,
    /// It was revoked after it had a result, which stays.
    Archived,
    /// Something it derives from ended.
    Parent,
    /// What issued it was revoked.
    Issuer,
}

impl RowEnd {
    /// The stable name in metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Revoked => "revoked",
            Self::Archived => "archived",
            Self::Parent => "parent",
            Self::Issuer => "issuer",
        }
    }
}
