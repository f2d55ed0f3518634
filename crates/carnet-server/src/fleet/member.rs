//! [`FleetPeer`]: who is at the other end of a connection, by its certificate.

use std::sync::Arc;

use carnet_gate::{Denied, Grant};
use carnet_ticket::identity::{Kind, Leaf};
use carnet_ticket::verify::{Facts, Presented, Surface};
use rustls::pki_types::CertificateDer;

use crate::registry::Speaker;
use crate::state::App;

/// A member of the fleet, with the grant that its certificate is worth.
#[derive(Debug, Clone)]
pub(crate) struct FleetPeer {
    pub(crate) grant: Grant,
    pub(crate) leaf: Arc<Leaf>,
}

impl FleetPeer {
    pub(crate) fn kind(&self) -> Kind {
        self.leaf.identity.kind()
    }

    /// As whom the registry knows it.
    pub(crate) fn speaker(&self) -> Speaker {
        Speaker::Certificate(Arc::clone(&self.leaf))
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
    Ok(Some(FleetPeer { grant, leaf: Arc::new(leaf) }))
}

/// A handshake was completed with this member's certificate.
pub(crate) async fn used(app: &App, member: &FleetPeer) {
    // One that the CA did not make is none of its.
    let Ok(serial) = member.leaf.serial.parse() else { return };
    if let Err(error) = app.ca().used(serial).await {
        tracing::error!(%error, "the first use of a certificate was not recorded");
    }
}
