//! What the gate speaks of: what was presented, what is known about it, what it turned out to be.
//!
//! Source: credential spec, section 4. Nothing here decides anything; [`Verify`] implementations and the
//! gate do.

mod credential;
mod facts;
mod limits;
mod reason;

pub use credential::{Bearer, Class, Presented, Profile, Surface};
pub use facts::{Facts, Proof, Row, RowEnd};
pub use limits::{Limits, Meter};
pub use reason::{Ended, Reason, RevocationKind};

use serde_json::{Map, Value};

use crate::id::{KeyId, UniqueId};
use crate::rights::Rights;
use crate::time::{Expiration, Timestamp};

/// Judges credentials of one class for the gate: synchronous, without I/O, without a clock.
///
/// The class is named when the verifier is registered.
pub trait Verify: Send + Sync + 'static {
    /// What `presented` is worth at `now`, given what the store knows of it.
    fn verify(
        &self,
        presented: &Presented<'_>,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Verified, Reason>;

    /// Grows whenever keys, limits or lists change under it, once they judge: what was found good at another
    /// number has to be judged anew.
    fn generation(&self) -> u64 {
        0
    }
}

/// A credential that was found good. Rights and revocation are still to be judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The class it was verified as.
    pub class: Class,
    /// Names the content, however it was spelt: what revocation and meters go by.
    pub content_id: UniqueId,
    /// Whom it was issued to.
    pub subject: Option<String>,
    /// Its own id (`jti`), where its format has one.
    pub token_id: Option<String>,
    /// The key that verified it.
    pub key_id: Option<KeyId>,
    /// When it was issued; a credential that does not say counts as issued at 0.
    pub issued_at: Option<Timestamp>,
    /// Until when it counts.
    pub expires: Expiration,
    /// The rights it carries or that its row holds; `None` leaves them to the surface's map.
    pub rights: Option<Rights>,
    /// How much may be spent under it.
    pub limits: Limits,
    /// Serial, in lower hex, of the client certificate that it came over and rests on.
    pub certificate: Option<String>,
    /// Content ids of everything it derives from: revoking one of them ends it.
    pub ancestors: Vec<UniqueId>,
    /// What it claims, for rights that are mapped from claims; empty in formats without any.
    pub claims: Map<String, Value>,
}

impl Verified {
    /// What a stored credential's row says of it, once its proof was found to hold.
    pub fn of_row(class: Class, row: &Row, facts: &Facts, now: Timestamp) -> Result<Self, Reason> {
        if row.expires.is_expired_at(now) {
            return Err(Reason::Expired);
        }
        Ok(Self {
            class,
            content_id: row.content_id,
            subject: Some(row.subject.clone()),
            token_id: None,
            key_id: None,
            issued_at: Some(row.issued_at),
            expires: row.expires,
            rights: row.rights.clone(),
            limits: row.limits,
            certificate: None,
            ancestors: facts.ancestors.clone(),
            claims: Map::new(),
        })
    }
}
