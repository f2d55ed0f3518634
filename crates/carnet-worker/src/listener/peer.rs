//! [`Peer`]: who is at the other end of a connection.

use std::sync::Arc;
use std::time::Duration;

use carnet_gate::{Denied, Freshness, Gate, Grant, RightsMap};
use carnet_ticket::identity::{Certificates, Leaf, SpiffeId, TrustDomain};
use carnet_ticket::rights::{Rights, RouteScopes};
use carnet_ticket::verify::{Class, Facts, Presented, Reason, Surface, Verified};
use rustls::CertificateError;

use crate::tls::{Judge, Live};

/// A member of the fleet that has shown its certificate. Handlers find it among the extensions of a request. The
/// connection is cut when its grant ends.
#[derive(Debug, Clone)]
pub struct Peer {
    identity: SpiffeId,
    grant: Grant,
}

impl Peer {
    /// The peer with this certificate, in DER, whose chain was verified.
    pub(super) fn admit(
        gate: &Gate,
        trust_domain: &TrustDomain,
        der: &[u8],
    ) -> Result<Self, Denied> {
        let grant = admit(gate, der)?;
        let leaf = Leaf::read(der, trust_domain)
            .map_err(|fault| grant.deny(Reason::Certificate(fault)))?;
        Ok(Self { identity: leaf.identity, grant })
    }

    /// Who it is.
    pub fn identity(&self) -> &SpiffeId {
        &self.identity
    }

    /// What it was granted.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }
}

/// After how long without news of revocations only callers are let in whose certificate ends soon.
pub(crate) const STALENESS_MAX: Duration = Duration::from_mins(15);

/// A gate that takes certificates of members of the worker's fleet. Where there is a control plane, revocations come
/// from there.
pub(crate) fn gate(live: &Live, has_control_plane: bool) -> Gate {
    let trust_domain = live.current().stored.leaf.identity.trust_domain().clone();
    let remote = Freshness::Remote { max_staleness: STALENESS_MAX };
    Gate::builder(live.clock().clone())
        .freshness(if has_control_plane { remote } else { Freshness::Local })
        .verifier(Class::Certificate, Arc::new(Certificates { trust_domain }))
        .accept(Surface::Rpc, &[Class::Certificate])
        .rights(Surface::Rpc, Arc::new(KindIsRole))
        .build()
}

/// Judges certificates in the handshake as `gate` does. One that only cannot be judged now passes: whoever shows it is
/// told so when it asks for something.
pub(super) fn judge(gate: Gate) -> Judge {
    Arc::new(move |der| match admit(&gate, der).map_err(|denied| denied.reason) {
        Ok(_) | Err(Reason::RevocationStale) => Ok(()),
        Err(Reason::Revoked(_)) => Err(CertificateError::Revoked),
        Err(Reason::Expired) => Err(CertificateError::Expired),
        Err(Reason::NotYetValid) => Err(CertificateError::NotValidYet),
        Err(_) => Err(CertificateError::ApplicationVerificationFailure),
    })
}

fn admit(gate: &Gate, der: &[u8]) -> Result<Grant, Denied> {
    gate.admit(&Presented::certificate(der), &Facts::none(), Surface::Rpc)
}

/// A member may what its kind may: the role is its kind. Tokens say themselves what they are for.
pub(crate) struct KindIsRole;

impl RightsMap for KindIsRole {
    fn rights(&self, verified: &Verified, _: &Facts) -> Result<Rights, Reason> {
        let kind = verified.subject.as_deref().and_then(|subject| subject.split('/').next());
        Ok(Rights::Routes(RouteScopes::of_role(kind.unwrap_or_default())))
    }
}
