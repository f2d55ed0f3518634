//! [`Ca`]: the fleet's certificate authority. Source: worker runtime spec, sections 3 to 6.
//!
//! `carnet-authority` decides and signs, `carnet-store` keeps. Here the two are put together: what changes the
//! authority changes a copy of it, which takes its place once its records are written; a certificate leaves once its
//! row, its entry in the ledger and its audit row are, in one transaction.

mod certified;
mod crl;
mod enroll;
mod event;
mod fault;
mod held;
mod issue;
mod key_folder;
mod local;
mod own;
mod problem;
mod refusal;
mod renew;
mod revoke;
mod rotate;
mod upkeep;
mod used;

pub(crate) use certified::Certified;
pub(crate) use enroll::Asking;
pub use fault::CaFault;
pub(crate) use held::{Held, settings};
pub(crate) use issue::{Issuing, profile_of};
pub(crate) use refusal::Refusal;
pub(crate) use revoke::RevokeFault;
pub(crate) use rotate::RotateFault;
pub(crate) use upkeep::run as upkeep;

use std::sync::Arc;

use carnet_authority::ca::CertificateAuthority;
use rustls::sign::CertifiedKey;

use crate::state::App;

/// The certificate authority of a server.
#[derive(Clone, Copy)]
pub(crate) struct Ca<'a> {
    app: &'a App,
    held: &'a Held,
}

impl<'a> Ca<'a> {
    pub(crate) fn new(app: &'a App, held: &'a Held) -> Self {
        Self { app, held }
    }

    /// What signs, and the bundle that members trust.
    pub(crate) fn authority(self) -> Arc<CertificateAuthority> {
        self.held.authority()
    }

    /// This server's own certificate, with the CA's behind it. Another one is another `Arc`.
    pub(crate) fn own_certificate(self) -> Arc<CertifiedKey> {
        self.held.own_certificate()
    }

    /// The one by the CA that signed before, while it counts.
    pub(crate) fn former_certificate(self) -> Option<Arc<CertifiedKey>> {
        let former = self.held.former.load_full()?;
        let counts = self.app.clock().now() < former.expires_at;
        counts.then(|| Arc::clone(&former.certified))
    }
}
