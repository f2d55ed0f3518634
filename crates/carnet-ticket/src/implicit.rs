//! Presenting nothing: the local socket's peer, and nobody.

use crate::id;
use crate::id::UniqueId;
use crate::time::{Expiration, Timestamp};
use crate::verify::{Facts, Limits, Presented, Reason, Verified, Verify};

/// What content ids of those who present nothing are derived from.
pub const CLASS: UniqueId = id!("carnet.credential.implicit");

/// Takes those who present nothing for one subject: on the local socket, where the kernel tells who the peer
/// is, and where the configuration asks nobody for a credential. The surface decides when that is so.
#[derive(Debug, Clone, Copy)]
pub struct Implicit {
    /// Who it is.
    pub subject: &'static str,
}

impl Verify for Implicit {
    fn verify(
        &self,
        presented: &Presented<'_>,
        _: &Facts,
        _: Timestamp,
    ) -> Result<Verified, Reason> {
        let (Some(class), None) = (presented.class, presented.data) else {
            return Err(Reason::Malformed);
        };
        Ok(Verified {
            class,
            content_id: CLASS.derive(self.subject),
            subject: Some(self.subject.to_owned()),
            token_id: None,
            key_id: None,
            issued_at: None,
            expires: Expiration::Never,
            rights: None,
            limits: Limits::none(),
            certificate: None,
            ancestors: Vec::new(),
            claims: serde_json::Map::new(),
        })
    }
}
