//! [`LedgerEntry`]: what is remembered of everything minted. Source: control plane spec, section 5.

use carnet_ticket::id::{KeyId, UniqueId};
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Class;

/// A credential that was minted for somebody, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its id in the ledger.
    pub id: Ulid,
    /// What it is.
    pub class: Class,
    /// The digest of its authenticated bytes, by which it is revoked and metered.
    pub content_id: UniqueId,
    /// Its own id, where the format has one: `jti`.
    pub token_id: Option<String>,
    /// Whom it is for.
    pub subject: String,
    /// Where it counts.
    pub audience: Option<String>,
    /// What it allows, as the format writes it.
    pub scopes: Vec<String>,
    /// The key that signed it.
    pub key_id: KeyId,
    /// The content id of the credential that it was derived from.
    pub parent_id: Option<UniqueId>,
    /// The tenant it belongs to.
    pub tenant_id: Option<String>,
    /// Who asked for it: `user:…`, `key:…`.
    pub issued_by: String,
    /// When it was minted.
    pub issued_at: Timestamp,
    /// From when it counts; from the start where absent.
    pub not_before: Option<Timestamp>,
    /// Until when it counts.
    pub expires_at: Expiration,
    /// The request that asked for it.
    pub request_id: String,
}

/// What has become of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerStatus {
    /// Nothing has ended it.
    Active,
    /// Its time is over.
    Expired,
    /// It was withdrawn, whether or not its time is over as well.
    Revoked,
}

impl LedgerStatus {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl LedgerEntry {
    /// What has become of it at `now`; whether it `is_revoked` the revocations say.
    pub fn status(&self, now: Timestamp, is_revoked: bool) -> LedgerStatus {
        if is_revoked {
            LedgerStatus::Revoked
        } else if self.expires_at.is_expired_at(now) {
            LedgerStatus::Expired
        } else {
            LedgerStatus::Active
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_follows_from_time_and_revocation_alone() {
        let entry = LedgerEntry {
            id: Ulid::new(Timestamp(1), [1; 10]),
            class: Class::WorkerToken,
            content_id: UniqueId::from_u8(1),
            token_id: None,
            subject: "worker-a".to_owned(),
            audience: None,
            scopes: Vec::new(),
            key_id: KeyId([1; 8]),
            parent_id: None,
            tenant_id: None,
            issued_by: "key:admin".to_owned(),
            issued_at: Timestamp(1),
            not_before: None,
            expires_at: Expiration::At(Timestamp(100)),
            request_id: "r".to_owned(),
        };
        assert_eq!(entry.status(Timestamp(99), false), LedgerStatus::Active);
        assert_eq!(entry.status(Timestamp(100), false), LedgerStatus::Expired);
        assert_eq!(entry.status(Timestamp(99), true), LedgerStatus::Revoked);
        assert_eq!(entry.status(Timestamp(100), true).as_str(), "revoked");
    }
}
