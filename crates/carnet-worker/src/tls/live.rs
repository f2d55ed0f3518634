//! [`Live`]: the certificate, the key and the trust of this moment.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use carnet_gate::{Clock, Gate};
use carnet_ticket::identity::{Certificates, Schedule};
use carnet_ticket::verify::{Facts, Presented, Verify};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, SignatureScheme};
use tokio::sync::Notify;

use super::{provider, roots};
use crate::files::Stored;

/// What a worker shows and believes. It can be exchanged at any moment: connections that are open stay as they
/// are, new ones use the new.
pub(crate) struct Live {
    dir: PathBuf,
    clock: Clock,
    now: ArcSwap<Current>,
    /// Hears of revocations.
    gate: OnceLock<Gate>,
    /// The serial number of a certificate of ours that the control plane says is revoked.
    withdrawn: ArcSwapOption<String>,
    /// Tells that one was.
    withdrawing: Notify,
}

/// What is shown and believed now.
pub(crate) struct Current {
    pub(crate) stored: Stored,
    pub(crate) schedule: Schedule,
    pub(super) servers: Arc<WebPkiServerVerifier>,
    clients: Arc<dyn ClientCertVerifier>,
}

impl Live {
    /// What `dir` holds. `random` scatters the moment of renewal.
    pub(crate) fn new(
        dir: &Path,
        clock: Clock,
        stored: Stored,
        random: u32,
    ) -> Result<Self, rustls::Error> {
        let now = ArcSwap::from_pointee(Current::new(stored, random)?);
        Ok(Self {
            dir: dir.to_owned(),
            clock,
            now,
            gate: OnceLock::new(),
            withdrawn: ArcSwapOption::empty(),
            withdrawing: Notify::new(),
        })
    }

    /// What counts now.
    pub(crate) fn current(&self) -> Guard<Arc<Current>> {
        self.now.load()
    }

    /// From here on `stored` is shown and believed.
    pub(crate) fn exchange(&self, stored: Stored, random: u32) -> Result<(), rustls::Error> {
        self.now.store(Arc::new(Current::new(stored, random)?));
        Ok(())
    }

    /// What `gate` hears of revocations counts for servers that are called too.
    pub(crate) fn hears_by(&self, gate: &Gate) {
        // A worker has one gate.
        let _ = self.gate.set(gate.clone());
    }

    /// Whether a certificate, whose chain was verified, was withdrawn, as far as was heard.
    pub(super) fn is_revoked(&self, der: &[u8]) -> bool {
        let Some(gate) = self.gate.get() else { return false };
        let trust_domain = self.current().stored.leaf.identity.trust_domain().clone();
        let (presented, now) = (Presented::certificate(der), gate.clock().now());
        let verified = Certificates { trust_domain }.verify(&presented, &Facts::none(), now);
        verified.is_ok_and(|verified| gate.revocations().judge(&verified, now).is_some())
    }

    /// Believes whoever the CAs signed for that are trusted at this moment.
    pub(crate) fn clients(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(&self.current().clients)
    }

    /// The control plane says that the certificate which counts now is revoked.
    pub(crate) fn withdraw(&self) {
        self.withdrawn.store(Some(Arc::new(self.current().stored.leaf.serial.clone())));
        self.withdrawing.notify_one();
    }

    /// Waits until the control plane says so, each time. One task waits.
    pub(crate) async fn withdrawn(&self) {
        self.withdrawing.notified().await;
    }

    /// Whether the certificate which counts now is known to be revoked. Another one in its place is not.
    pub(crate) fn is_withdrawn(&self) -> bool {
        let withdrawn = self.withdrawn.load();
        withdrawn.as_ref().is_some_and(|serial| **serial == self.current().stored.leaf.serial)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }
}

impl Current {
    fn new(stored: Stored, random: u32) -> Result<Self, rustls::Error> {
        let roots: Arc<RootCertStore> = roots(&stored.ca)?;
        let invalid = |_| rustls::Error::General("no CA certificate".to_owned());
        let servers = WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), provider());
        let clients = WebPkiClientVerifier::builder_with_provider(roots, provider());
        Ok(Self {
            schedule: stored.schedule(random),
            servers: servers.build().map_err(invalid)?,
            clients: clients.build().map_err(invalid)?,
            stored,
        })
    }
}

impl ResolvesServerCert for Live {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current().stored.pair))
    }
}

impl ResolvesClientCert for Live {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current().stored.pair))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("dir", &self.dir).finish_non_exhaustive()
    }
}
