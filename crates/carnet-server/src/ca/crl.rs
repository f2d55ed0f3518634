//! The revocation list: made anew when it is asked for and something was revoked since, or half of its life is over.

use bytes::Bytes;
use carnet_authority::ca::CRL_LIFE;
use carnet_ticket::time::Timestamp;

use super::{Ca, CaFault};

/// A list that was made.
pub(crate) struct Crl {
    der: Bytes,
    /// The number of the newest revocation that it knows.
    revocation: u64,
    made_at: Timestamp,
}

impl Ca<'_> {
    /// The list as it is now, in DER.
    pub(crate) async fn crl(self) -> Result<Bytes, CaFault> {
        let mut held = self.held.crl.lock().await;
        let now = self.app.clock().now();
        let revocation = self.app.gate().revocations().seq();
        if let Some(crl) = held.as_ref()
            && crl.revocation == revocation
            && now < crl.made_at.after(CRL_LIFE / 2)
        {
            return Ok(crl.der.clone());
        }
        let content = self.app.store().next_crl(now).await?;
        let der = Bytes::from(self.authority().crl(&content.revoked, content.number, now)?);
        *held = Some(Crl { der: der.clone(), revocation, made_at: now });
        Ok(der)
    }
}
