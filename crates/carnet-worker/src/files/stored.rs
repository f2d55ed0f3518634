//! [`Stored`]: the four files, read, and found to belong together.

use std::sync::Arc;

use carnet_ticket::identity::{Leaf, Lifetime, Schedule};
use carnet_ticket::time::Timestamp;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::{CA, CERTIFICATE, Contents, IDENTITY, IdentityRecord, KEY};
use crate::error::FileFault;
use crate::tls;

/// A certificate with its key, signed by a CA that is trusted, and the record that is its own. Whether it counts
/// now is another question.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) ca: Vec<CertificateDer<'static>>,
    pub(crate) pair: Arc<CertifiedKey>,
    pub(crate) leaf: Leaf,
    pub(crate) record: IdentityRecord,
    life: Lifetime,
}

impl Stored {
    /// Reads what the files hold; names the file that is wrong, and how.
    pub(crate) fn parse(contents: &Contents) -> Result<Self, (&'static str, FileFault)> {
        let ca = certificates(&contents.ca).map_err(|fault| (CA, fault))?;
        let chain = certificates(&contents.certificate).map_err(|fault| (CERTIFICATE, fault))?;
        let key = key(&contents.key).map_err(|fault| (KEY, fault))?;
        let record: IdentityRecord = serde_json::from_slice(&contents.identity)
            .map_err(|_| (IDENTITY, FileFault::Truncated))?;
        let Some(first) = chain.first() else { return Err((CERTIFICATE, FileFault::NotPem)) };
        let leaf = Leaf::read(first, record.spiffe_id.trust_domain())
            .map_err(|_| (CERTIFICATE, FileFault::Truncated))?;
        if leaf.identity != record.spiffe_id || leaf.serial != record.serial {
            return Err((IDENTITY, FileFault::KeyMismatch));
        }
        let roots = tls::roots(&ca).map_err(|_| (CA, FileFault::Truncated))?;
        // Within its life: whether it counts now is not asked here.
        if !tls::is_signed_by(&roots, &chain, leaf.not_before) {
            return Err((CERTIFICATE, FileFault::UntrustedChain));
        }
        let pair = tls::pair(chain, key).map_err(|_| (KEY, FileFault::Truncated))?;
        pair.keys_match().map_err(|_| (KEY, FileFault::KeyMismatch))?;
        let life = Lifetime::new(leaf.not_after.since(leaf.issued_at()))
            .map_err(|fault| (CERTIFICATE, FileFault::Lifetime(fault)))?;
        Ok(Self { ca, pair: Arc::new(pair), leaf, record, life })
    }

    /// The same certificate, with these CA certificates trusted; none where they did not sign it.
    pub(crate) fn trusting(&self, ca_pem: &[u8]) -> Option<Self> {
        let ca = certificates(ca_pem).ok()?;
        let roots = tls::roots(&ca).ok()?;
        let is_ours = tls::is_signed_by(&roots, &self.pair.cert, self.leaf.not_before);
        is_ours.then(|| Self { ca, ..self.clone() })
    }

    /// What is due when; `random` says how much earlier than it must it renews.
    pub(crate) fn schedule(&self, random: u32) -> Schedule {
        Schedule::scattered(self.leaf.issued_at(), self.life, random)
    }

    /// How much of its life is left, from nothing to 1.
    pub(crate) fn life_left(&self, now: Timestamp) -> f64 {
        let left = self.leaf.not_after.since(now.max(self.leaf.issued_at()));
        left.as_secs_f64() / self.life.duration().as_secs_f64()
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, FileFault> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(found) if found.is_empty() => Err(FileFault::NotPem),
        Ok(found) => Ok(found),
        Err(error) => Err(fault(&error)),
    }
}

fn key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, FileFault> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| fault(&error))
}

fn fault(error: &PemError) -> FileFault {
    match error {
        PemError::MissingSectionEnd { .. } | PemError::Base64Decode(_) => FileFault::Truncated,
        _ => FileFault::NotPem,
    }
}
