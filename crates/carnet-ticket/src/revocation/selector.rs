//! [`Selector`]: what a revocation names, and whether it names a given credential.

use crate::id::{KeyId, UniqueId};
use crate::realm::{self, TicketId};
use crate::time::Timestamp;
use crate::verify::{RevocationKind, Verified};

/// The most bytes a revocation's value may have.
const VALUE_LEN_MAX: usize = 512;

/// What a revocation ends (control plane spec, section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// Tokens with this id, of any subject or of one worker.
    TokenId {
        /// The `jti`.
        token_id: String,
        /// The one worker whose tokens are meant.
        worker_id: Option<String>,
    },
    /// One credential of any class, and everything that derives from it.
    ContentId(UniqueId),
    /// One task ticket and its children.
    RealmTicket(TicketId),
    /// Everything issued to a subject at or before a moment.
    Subject {
        /// The subject, exactly.
        subject: String,
        /// The moment, to the second; no issue time counts as 0.
        issued_before: Timestamp,
    },
    /// Everything that one key signed.
    Key(KeyId),
    /// Everything that came over, or is, this certificate: serial in lower hex.
    Certificate(String),
}

/// A revocation's value is not of its kind's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a value of kind {kind}")]
pub struct InvalidSelector {
    /// The kind that was named.
    pub kind: RevocationKind,
}

impl Selector {
    /// Reads a value of `kind`; `worker_id` narrows a token id, `issued_before` bounds a subject.
    pub fn parse(
        kind: RevocationKind,
        value: &str,
        worker_id: Option<&str>,
        issued_before: Timestamp,
    ) -> Result<Self, InvalidSelector> {
        let invalid = InvalidSelector { kind };
        if value.is_empty()
            || value.len() > VALUE_LEN_MAX
            || worker_id.is_some_and(|id| id.len() > VALUE_LEN_MAX)
        {
            return Err(invalid);
        }
        Ok(match kind {
            RevocationKind::TokenId => Self::TokenId {
                token_id: value.to_owned(),
                worker_id: worker_id.map(str::to_owned),
            },
            RevocationKind::ContentId => {
                Self::ContentId(UniqueId::from_hex(value).map_err(|_| invalid)?)
            }
            RevocationKind::RealmTicket => Self::RealmTicket(value.parse().map_err(|_| invalid)?),
            RevocationKind::Subject => Self::Subject { subject: value.to_owned(), issued_before },
            RevocationKind::Key => Self::Key(KeyId::from_hex(value).map_err(|_| invalid)?),
            RevocationKind::Certificate => {
                let is_serial = value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
                is_serial.then(|| Self::Certificate(value.to_owned())).ok_or(invalid)?
            }
        })
    }

    /// The kind of revocation.
    pub fn kind(&self) -> RevocationKind {
        match self {
            Self::TokenId { .. } => RevocationKind::TokenId,
            Self::ContentId(_) => RevocationKind::ContentId,
            Self::RealmTicket(_) => RevocationKind::RealmTicket,
            Self::Subject { .. } => RevocationKind::Subject,
            Self::Key(_) => RevocationKind::Key,
            Self::Certificate(_) => RevocationKind::Certificate,
        }
    }

    /// The value as the store and the feed write it.
    pub fn value(&self) -> String {
        match self {
            Self::TokenId { token_id, .. } => token_id.clone(),
            Self::ContentId(id) => id.to_string(),
            Self::RealmTicket(id) => id.to_string(),
            Self::Subject { subject, .. } => subject.clone(),
            Self::Key(id) => id.to_string(),
            Self::Certificate(serial) => serial.clone(),
        }
    }

    /// The content that this ends with everything deriving from it, for the kinds that name one.
    pub fn content(&self) -> Option<UniqueId> {
        match self {
            Self::ContentId(id) => Some(*id),
            Self::RealmTicket(id) => Some(realm::content_id(id)),
            _ => None,
        }
    }

    /// Whether this ends `credential`. All comparisons are exact.
    pub fn names(&self, credential: &Verified) -> bool {
        match self {
            Self::TokenId { token_id, worker_id } => {
                credential.token_id.as_ref() == Some(token_id)
                    && worker_id
                        .as_ref()
                        .is_none_or(|worker| credential.subject.as_ref() == Some(worker))
            }
            Self::ContentId(_) | Self::RealmTicket(_) => self.content().is_some_and(|id| {
                credential.content_id == id || credential.ancestors.contains(&id)
            }),
            Self::Subject { subject, issued_before } => {
                credential.subject.as_ref() == Some(subject)
                    && issued_at_s(credential) <= issued_before.unix_s()
            }
            Self::Key(id) => credential.key_id == Some(*id),
            Self::Certificate(serial) => credential.certificate.as_ref() == Some(serial),
        }
    }
}

/// When a credential was issued, to the second as revocations count; 0 when it does not say.
pub fn issued_at_s(credential: &Verified) -> i64 {
    credential.issued_at.map_or(0, Timestamp::unix_s)
}
