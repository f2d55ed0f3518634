//! [`FleetPeer`]: who is at the other end of a connection, by its certificate.

use std::sync::Arc;

use carnet_gate::{Denied, Grant};
use carnet_ticket::identity::{Kind, Leaf};
use carnet_ticket::verify::{Facts, Presented, Surface};
use rustls::pki_types::CertificateDer;

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
