//! What is written down of certificates.

use std::net::IpAddr;

use carnet_authority::audit::{Details, Event, Kind, Outcome};
use carnet_authority::ca::{IssuedCertificate, Serial};
use carnet_store::CertificateRow;
use carnet_ticket::identity::Member;

use crate::audit::Trail;

/// What is known of a certificate, or of an attempt to get one.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) member: Option<Member>,
    pub(super) serial: Option<Serial>,
    pub(super) spki_sha256: Option<[u8; 32]>,
    pub(super) enrollment: Option<String>,
    pub(super) peer: Option<IpAddr>,
}

impl Said {
    /// Of a certificate that was signed.
    pub(super) fn signed(&mut self, issued: &IssuedCertificate) {
        (self.serial, self.spki_sha256) = (Some(issued.serial), Some(issued.spki_sha256));
    }

    /// Of one that is kept.
    pub(super) fn of(row: &CertificateRow) -> Self {
        Self {
            member: Some(row.member.clone()),
            serial: Some(row.serial),
            spki_sha256: Some(row.spki_sha256),
            enrollment: None,
            peer: None,
        }
    }

    /// The event: `action` was done to it, or denied for `reason`.
    fn event(&self, trail: &Trail, action: &str, outcome: Outcome, reason: Option<&str>) -> Event {
        let target = self.member.as_ref().map_or_else(|| "unknown".to_owned(), Member::to_string);
        let mut event = trail.event(Kind::Ticket, action, &target);
        event.outcome = outcome;
        event.reason = reason.map(Into::into);
        if let Some(peer) = self.peer {
            event.remote_addr = Some(peer.to_string().into());
        }
        if let Some(enrollment) = self.enrollment.as_deref().filter(|_| trail.is_anonymous()) {
            event.actor.id = enrollment.into();
            event.actor.class = "enrollment".into();
        }
        let details = [
            ("serial", self.serial.map(|serial| serial.to_string())),
            ("spki_sha256", self.spki_sha256.map(hex::encode)),
            ("enrollment", self.enrollment.clone()),
        ];
        let details = details
            .into_iter()
            .filter_map(|(name, text)| text.map(|text| (name.to_owned(), text.into())));
        event.details = Details::new(details.collect());
        event
    }

    /// The event of a certificate that was not issued.
    pub(super) fn refused(&self, trail: &Trail, reason: &str) -> Event {
        self.event(trail, "ca.refuse", Outcome::Denied, Some(reason))
    }

    /// The event of something that was done.
    pub(super) fn done(&self, trail: &Trail, action: &str, reason: Option<&str>) -> Event {
        self.event(trail, action, Outcome::Allowed, reason)
    }
}
