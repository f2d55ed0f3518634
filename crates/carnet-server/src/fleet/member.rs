//! [`FleetPeer`]: who calls, by the certificate of its connection, or where that is allowed by a token.

use std::sync::Arc;

use carnet_gate::{Denied, Grant};
use carnet_ticket::identity::{Kind, Leaf, WorkerId};
use carnet_ticket::verify::{Facts, Presented, Surface};
use rustls::pki_types::CertificateDer;

use crate::registry::Speaker;
use crate::state::App;

/// A member of the fleet, with the grant that what it presented is worth.
#[derive(Debug, Clone)]
pub(crate) struct FleetPeer {
    pub(crate) grant: Grant,
    pub(super) speaker: Speaker,
}

impl FleetPeer {
    /// What it is. By a token only workers come.
    pub(crate) fn kind(&self) -> Kind {
        self.leaf().map_or(Kind::Worker, |leaf| leaf.identity.kind())
    }

    /// As whom the registry knows it.
    pub(crate) fn speaker(&self) -> &Speaker {
        &self.speaker
    }

    /// Its certificate.
    pub(crate) fn leaf(&self) -> Option<&Arc<Leaf>> {
        self.speaker.leaf()
    }

    /// Whether it may be the worker of this id on the routes of StacyVM, where a token is of one worker.
    pub(crate) fn may_be(&self, id: &WorkerId) -> bool {
        match &self.speaker {
            Speaker::Certificate(_) => true,
            Speaker::Token { subject, .. } => subject == id.as_str(),
        }
    }

    /// Who it is, for the log.
    pub(crate) fn subject(&self) -> &str {
        self.grant.subject().unwrap_or_default()
    }
}

/// The member that these certificates, whose chain was verified, name first; nobody when there are none.
pub(crate) fn member(
    app: &App,
    certificates: Option<&[CertificateDer<'_>]>,
) -> Result<Option<FleetPeer>, Denied> {
    let Some(leaf) = certificates.and_then(<[_]>::first) else { return Ok(None) };
    let grant = app.gate().admit(&Presented::certificate(leaf), &Facts::none(), Surface::Rpc)?;
    let leaf = Leaf::read(leaf, &app.config().ca.trust_domain)
        .map_err(|error| grant.deny(carnet_ticket::verify::Reason::Certificate(error)))?;
    Ok(Some(FleetPeer { grant, speaker: Speaker::Certificate(Arc::new(leaf)) }))
}

/// A handshake was completed with this member's certificate.
pub(crate) async fn used(app: &App, member: &FleetPeer) {
    // One that the CA did not make is none of its.
    let serial = member.leaf().and_then(|leaf| leaf.serial.parse().ok());
    let Some(serial) = serial else { return };
    if let Err(error) = app.ca().used(serial).await {
        tracing::error!(%error, "the first use of a certificate was not recorded");
    }
}
