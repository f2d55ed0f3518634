//! Ending certificates, and keeping members out.

use carnet_authority::audit::{Details, Event};
use carnet_authority::ca::{RevokedBecause, Serial};
use carnet_authority::enroll::Standing;
use carnet_store::{
    CertificateRow, MemberRow, Quarantined, ReleaseError, RevokedCertificateRow, StoreError,
};
use carnet_ticket::identity::{Kind, Member};
use serde_json::{Map, Value};

use super::Ca;
use super::event::Said;
use crate::audit::Trail;

/// Why nothing was ended, or nobody let in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RevokeFault {
    /// There is no such certificate, or no such member.
    #[error("there is no such certificate or member")]
    NotFound,
    /// A control plane is not quarantined: its certificates are revoked one by one.
    #[error("a control plane is not quarantined; revoke its certificates")]
    ControlPlane,
    /// The member is not quarantined.
    #[error("the member is not quarantined")]
    NotQuarantined,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Ca<'_> {
    /// Revokes a certificate, for a reason in somebody's words. It is refused everywhere, and what lives under it has
    /// ended, before this returns. This server's own is replaced.
    pub(crate) async fn revoke(
        self,
        serial: Serial,
        words: Option<String>,
        trail: &Trail,
    ) -> Result<RevokedCertificateRow, RevokeFault> {
        let because = words.as_deref().and_then(RevokedBecause::from_name).unwrap_or_default();
        let row = self.app.store().certificate(serial).await?.ok_or(RevokeFault::NotFound)?;
        let revoked = self.end(&row, because, words, trail).await?;
        let revoked = revoked.ok_or(RevokeFault::NotFound)?;
        if let Err(error) = self.renew_own_if_due().await {
            tracing::error!(%error, "the own certificate was not replaced; it is tried again");
        }
        Ok(revoked)
    }

    /// Quarantines a member: everything that it has is revoked, and it gets nothing until it is released.
    pub(crate) async fn revoke_member(
        self,
        member: &Member,
        words: Option<String>,
        trail: &Trail,
    ) -> Result<Quarantined, RevokeFault> {
        let because = words.as_deref().and_then(RevokedBecause::from_name);
        let because = because.unwrap_or(RevokedBecause::PrivilegeWithdrawn);
        self.quarantine(member, because, words, trail).await
    }

    /// Lets a member that is quarantined be enrolled again, for a reason in somebody's words.
    pub(crate) async fn release(
        self,
        member: &Member,
        words: Option<&str>,
        trail: &Trail,
    ) -> Result<MemberRow, RevokeFault> {
        let said = Said { member: Some(member.clone()), ..Said::default() };
        let store = self.app.store().audited(said.done(trail, "ca.release", words));
        let row = store.release_member(member).await.map_err(|error| match error {
            ReleaseError::NotQuarantined => RevokeFault::NotQuarantined,
            ReleaseError::Store(error) => error.into(),
            _ => RevokeFault::NotFound,
        })?;
        self.app.registry().released(member);
        Ok(row)
    }

    pub(super) async fn quarantine(
        self,
        member: &Member,
        because: RevokedBecause,
        words: Option<String>,
        trail: &Trail,
    ) -> Result<Quarantined, RevokeFault> {
        if member.kind == Kind::ControlPlane {
            return Err(RevokeFault::ControlPlane);
        }
        let (store, now) = (self.app.store(), self.app.clock().now());
        let mut live = store.certificates_of(member).await?;
        live.retain(|row| row.standing(false, now) == Standing::Live);
        let reason = words.as_deref().unwrap_or(because.as_str());
        let store = store.audited(quarantined(member, &live, reason, trail));
        let reason = reason.to_owned();
        let quarantined = store.quarantine_member(member, because, words, now).await?;
        let quarantined = quarantined.ok_or(RevokeFault::NotFound)?;
        if quarantined.is_new {
            self.app.registry().quarantined(member, &reason);
            self.put_in_force().await?;
            metrics::counter!("carnet_revocations_total", "kind" => "subject").increment(1);
        }
        Ok(quarantined)
    }

    /// Revokes those that were superseded and whose time has come. Nothing is asked of the store before it has.
    pub(crate) async fn end_superseded(self) -> Result<(), StoreError> {
        let mut next = self.held.next_end.lock().await;
        let (store, now) = (self.app.store(), self.app.clock().now());
        let trail = Trail::of_server(now, "upkeep");
        while next.is_some_and(|end| end <= now) {
            for row in store.superseded_certificates(now).await? {
                self.end(&row, RevokedBecause::Superseded, None, &trail).await?;
            }
            *next = store.next_supersession().await?;
        }
        Ok(())
    }

    /// Looks anew when the next one ends, and ends those whose time has come.
    pub(crate) async fn superseded(self) -> Result<(), StoreError> {
        {
            let mut next = self.held.next_end.lock().await;
            *next = self.app.store().next_supersession().await?;
        }
        self.end_superseded().await
    }

    async fn end(
        self,
        row: &CertificateRow,
        because: RevokedBecause,
        words: Option<String>,
        trail: &Trail,
    ) -> Result<Option<RevokedCertificateRow>, StoreError> {
        let reason = words.as_deref().unwrap_or(because.as_str());
        let store = self.app.store().audited(Said::of(row).done(trail, "ca.revoke", Some(reason)));
        let now = self.app.clock().now();
        let revoked = store.revoke_certificate(row.serial, because, words, now).await?;
        if revoked.as_ref().is_some_and(|revoked| revoked.is_new) {
            self.put_in_force().await?;
            metrics::counter!("carnet_revocations_total", "kind" => "certificate").increment(1);
        }
        Ok(revoked)
    }

    /// Ends what was revoked wherever it lives.
    async fn put_in_force(self) -> Result<(), StoreError> {
        self.app.store().bring_up_to_date(self.app.gate()).await?;
        self.app.publish_revocations().await;
        Ok(())
    }
}

/// The event of a member that loses everything.
fn quarantined(member: &Member, live: &[CertificateRow], reason: &str, trail: &Trail) -> Event {
    let said = Said { member: Some(member.clone()), ..Said::default() };
    let mut event = said.done(trail, "ca.revoke", Some(reason));
    let serials = live.iter().map(|row| Value::from(row.serial.to_string())).collect();
    let keys = live.iter().map(|row| Value::from(hex::encode(row.spki_sha256))).collect();
    event.details = Details::new(Map::from_iter([
        ("serials".to_owned(), Value::Array(serials)),
        ("spki_sha256".to_owned(), Value::Array(keys)),
    ]));
    event
}
