//! Keeping a member out, with everything that it has, until it is released.

use carnet_authority::ca::RevokedBecause;
use carnet_authority::enroll::Standing;
use carnet_gate::Selector;
use carnet_ticket::identity::Member;
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, params};

use super::{MemberRow, find};
use crate::certificates::{self, CertificateRow};
use crate::error::StoreError;
use crate::open::Store;
use crate::{revocations, sql};

const QUARANTINE: &str = "UPDATE worker_identities SET quarantined_at = COALESCE(quarantined_at, ?2), \
    quarantine_reason = ?3 WHERE identity = ?1";
const RELEASE: &str = "UPDATE worker_identities SET quarantined_at = NULL, quarantine_reason = NULL, \
    clone_seen_at = NULL WHERE identity = ?1";
const SEE_CLONE: &str =
    "UPDATE worker_identities SET clone_seen_at = COALESCE(clone_seen_at, ?2) WHERE identity = ?1";

/// A member that was quarantined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// The certificates that it had.
    pub revoked: Vec<CertificateRow>,
    /// Whether anything changed: the same again does not.
    pub is_new: bool,
}

/// Why a member was not let out of quarantine.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// There is no such member.
    #[error("there is no such member")]
    NotFound,
    /// It is not quarantined.
    #[error("the member is not quarantined")]
    NotQuarantined,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Quarantines a member and revokes everything that it has; `None` where there is no such one. `words` say why
    /// to people.
    pub async fn quarantine_member(
        &self,
        member: &Member,
        because: RevokedBecause,
        words: Option<String>,
        now: Timestamp,
    ) -> Result<Option<Quarantined>, StoreError> {
        let member = member.to_string();
        self.write_if(
            move |connection| quarantine(connection, &member, because, words.as_deref(), now),
            |quarantined: &Option<Quarantined>| {
                quarantined.as_ref().is_some_and(|quarantined| quarantined.is_new)
            },
        )
        .await
    }

    /// Lets a member be enrolled again. What was revoked stays so.
    pub async fn release_member(&self, member: &Member) -> Result<MemberRow, ReleaseError> {
        let member = member.to_string();
        self.write(move |connection| {
            let row = find(connection, &member)?.ok_or(ReleaseError::NotFound)?;
            if row.quarantined_at.is_none() {
                return Err(ReleaseError::NotQuarantined);
            }
            sql::execute(connection, RELEASE, [member])?;
            let (quarantined_at, quarantine_reason, clone_seen_at) = (None, None, None);
            Ok(MemberRow { quarantined_at, quarantine_reason, clone_seen_at, ..row })
        })
        .await
    }

    /// Keeps that a copy of one of a member's certificates was seen, until it is enrolled anew or released.
    pub async fn see_clone(&self, member: &Member, now: Timestamp) -> Result<(), StoreError> {
        let member = member.to_string();
        self.write(move |connection| {
            sql::execute(connection, SEE_CLONE, params![member, now.0])?;
            Ok(())
        })
        .await
    }
}

fn quarantine(
    connection: &Connection,
    member: &str,
    because: RevokedBecause,
    words: Option<&str>,
    now: Timestamp,
) -> Result<Option<Quarantined>, StoreError> {
    let Some(known) = find(connection, member)? else { return Ok(None) };
    let revoked = revoke_all(connection, member, because, words, now)?;
    let is_new = known.quarantined_at.is_none() || !revoked.is_empty();
    if is_new {
        let reason = words.unwrap_or(because.as_str());
        sql::execute(connection, QUARANTINE, params![member, now.0, reason])?;
        let subject = Selector::Subject { subject: member.to_owned(), issued_before: now };
        revocations::record(connection, subject, words.map(str::to_owned), None, now)?;
    }
    Ok(Some(Quarantined { revoked, is_new }))
}

/// Revokes every certificate that a member has, inside a transaction.
pub(crate) fn revoke_all(
    connection: &Connection,
    member: &str,
    because: RevokedBecause,
    words: Option<&str>,
    now: Timestamp,
) -> Result<Vec<CertificateRow>, StoreError> {
    let mut revoked = Vec::new();
    for row in certificates::of_member(connection, member)? {
        if row.standing(false, now) == Standing::Live {
            let words = words.map(str::to_owned);
            revoked.push(certificates::revoke(connection, row, because, words, now)?);
        }
    }
    Ok(revoked)
}
