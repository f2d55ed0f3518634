//! Using an enrollment: once, and once more where the answer was lost.

use std::time::Duration;

use carnet_ticket::enrollment::EnrollmentToken;
use carnet_ticket::time::Timestamp;

use super::Enrollment;
use crate::ca::{Serial, TrustBundle};

/// How long the same token with the same key gives the same certificate again.
const LOST_ANSWER: Duration = Duration::from_mins(10);

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redemption {
    /// A new certificate. The enrollment is used up in the transaction that records it.
    Issue,
    /// The certificate that it gave already: its answer was lost.
    Again(Serial),
}

/// Why a token is good for nothing. All of these are the same 401 to whoever came with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedeemError {
    /// Its secret is another one.
    #[error("the secret is not that of the enrollment")]
    WrongSecret,
    /// Its bearer would trust a CA that is not ours.
    #[error("the token names a CA certificate that is not in the bundle")]
    ForeignCa,
    /// It was withdrawn.
    #[error("the enrollment is revoked")]
    Revoked,
    /// It has been used, by somebody else or too long ago.
    #[error("the enrollment has been used")]
    Used,
    /// Its time is over.
    #[error("the enrollment has expired")]
    Expired,
}

impl Enrollment {
    /// Whether `token` is good for anything, before the request that came with it is looked at.
    pub fn check(
        &self,
        token: &EnrollmentToken,
        bundle: &TrustBundle,
        now: Timestamp,
    ) -> Result<(), RedeemError> {
        if token.digest() != self.secret {
            return Err(RedeemError::WrongSecret);
        }
        if bundle.find(token.ca_sha256()).is_none() {
            return Err(RedeemError::ForeignCa);
        }
        if self.revoked_at.is_some() {
            return Err(RedeemError::Revoked);
        }
        match &self.used {
            Some(used) if used.at.after(LOST_ANSWER) <= now => Err(RedeemError::Used),
            None if self.expires_at <= now => Err(RedeemError::Expired),
            _ => Ok(()),
        }
    }

    /// What `token` is good for to whoever has the key with this digest. To be asked in the transaction that uses
    /// the enrollment up.
    pub fn redeem(
        &self,
        token: &EnrollmentToken,
        bundle: &TrustBundle,
        spki_sha256: &[u8; 32],
        now: Timestamp,
    ) -> Result<Redemption, RedeemError> {
        self.check(token, bundle, now)?;
        match &self.used {
            None => Ok(Redemption::Issue),
            Some(used) if used.spki_sha256 == *spki_sha256 => Ok(Redemption::Again(used.serial)),
            Some(_) => Err(RedeemError::Used),
        }
    }
}
