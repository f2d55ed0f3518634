//! Staying in the fleet by the certificate that one has.

use std::sync::Arc;

use carnet_authority::ca::{RevokedBecause, parse_csr};
use carnet_authority::enroll::{CloneAction, RenewError};
use carnet_store::RenewedCertificate;
use carnet_ticket::identity::{Leaf, Member};

use super::event::Said;
use super::fault::random;
use super::{Asking, Ca, Certified, Refusal};
use crate::audit::Trail;

impl Ca<'_> {
    /// Gives the certificate that follows `presented`, by which the connection was opened.
    pub(crate) async fn renew(
        self,
        presented: &Leaf,
        asking: Asking<'_>,
    ) -> Result<Certified, Refusal> {
        let member = Member::of(&presented.identity);
        let mut said = Said { member, peer: asking.peer, ..Said::default() };
        let renewed = self.try_renew(presented, &asking, &mut said).await;
        if let Err(Refusal::Renew(RenewError::CloneDetected)) = &renewed {
            self.clone_detected(presented, &said, asking.trail).await;
        }
        self.settled(renewed, &said, asking.trail)
    }

    async fn try_renew(
        self,
        presented: &Leaf,
        asking: &Asking<'_>,
        said: &mut Said,
    ) -> Result<Certified, Refusal> {
        let csr = Arc::new(parse_csr(asking.csr)?);
        said.spki_sha256 = Some(*csr.spki_sha256());
        let serial = presented.serial.parse().map_err(|_| RenewError::Unknown)?;
        said.serial = Some(serial);
        let member = said.member.clone().ok_or(RenewError::Unknown)?;
        let (authority, store, now) = (self.authority(), self.app.store(), self.app.clock().now());
        // Judged first, whatever else is wrong with the request; and again when it is recorded.
        store.decide_renewal(&member, serial, Arc::clone(&csr), now).await?;
        let known = store.member(&member).await?.ok_or(RenewError::Unknown)?;
        let by = member.to_string();
        let certificate = self.signed(&csr, &member, &known.profile, &by, asking.trail)?;
        said.signed(&certificate.issued);
        let renewed = RenewedCertificate { presented: serial, csr, certificate };
        let event = said.done(asking.trail, "ca.renew", None);
        let issuance = store.audited(event).renew_certificate(renewed, now).await?;
        if let Err(error) = self.superseded().await {
            tracing::error!(%error, "superseded certificates were not revoked; it is tried again");
        }
        Ok(Certified::new(issuance.row(), &authority))
    }

    /// Two have the certificate: what follows is the operator's to say.
    async fn clone_detected(self, presented: &Leaf, said: &Said, trail: &Trail) {
        let Some(member) = &said.member else { return };
        let serial = &presented.serial;
        let now = self.app.clock().now();
        // Without randomness events are harder to tell apart: that is all.
        let id = format!("cert_{}", hex::encode(random::<6>().unwrap_or_default()));
        tracing::error!(target: "carnet::cert", event = "cert_cloned", correlation_id = id, worker_id = %member,
            timestamp = %now, serial, "somebody has a copy of a certificate");
        let done = match self.app.config().ca.clone_action {
            CloneAction::Alert => {
                self.app.registry().clone_seen(member);
                self.app.store().see_clone(member, now).await.map_err(Into::into)
            }
            CloneAction::Quarantine => {
                let words = Some("clone_detected".to_owned());
                let because = RevokedBecause::KeyCompromise;
                self.quarantine(member, because, words, trail).await.map(drop)
            }
        };
        if let Err(error) = done {
            tracing::error!(%error, %member, "a copy of a certificate was seen, and nothing could be done");
        }
    }
}
