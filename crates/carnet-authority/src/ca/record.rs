//! [`CaRecord`]: a CA certificate as it is kept.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use carnet_ticket::time::Timestamp;
use rcgen::{Issuer, PublicKeyData as _};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use super::{CaKey, Serial};

/// Where a CA certificate is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaState {
    /// Signs.
    Active,
    /// Is trusted, and signs nothing yet.
    Next,
    /// Is trusted, and signs nothing any more.
    Retiring,
    /// Is not trusted.
    Removed,
}

impl CaState {
    /// Every state, in the order of a bundle.
    pub const ALL: [Self; 4] = [Self::Active, Self::Next, Self::Retiring, Self::Removed];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Next => "next",
            Self::Retiring => "retiring",
            Self::Removed => "removed",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A CA certificate and its key. The key is kept apart from the rest, sealed.
#[derive(Debug, Clone)]
pub struct CaRecord {
    /// The certificate, in DER.
    pub certificate: Vec<u8>,
    /// Its key.
    pub key: CaKey,
    /// Where it is in its life.
    pub state: CaState,
    /// The bundle's sequence since it is there.
    pub sequence: u64,
    /// When it was made.
    pub prepared_at: Timestamp,
    /// When it began to sign.
    pub activated_at: Option<Timestamp>,
    /// When the next one took over.
    pub retiring_at: Option<Timestamp>,
}

impl CaRecord {
    /// SHA-256 of the certificate, by which enrollment tokens name it.
    pub fn sha256(&self) -> [u8; 32] {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, &self.certificate).as_ref());
        sha256
    }

    /// The serial number of the certificate, if it can be read and is one of ours.
    pub fn serial(&self) -> Option<Serial> {
        let (_, certificate) = X509Certificate::from_der(&self.certificate).ok()?;
        Serial::from_bytes(certificate.raw_serial()).ok()
    }

    /// SHA-256 of its key's `SubjectPublicKeyInfo`.
    pub fn spki_sha256(&self) -> [u8; 32] {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, &self.key.subject_public_key_info()).as_ref());
        sha256
    }
}

/// Why a record is no CA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CaLoadError {
    /// Its certificate cannot be read.
    #[error("a CA certificate cannot be read")]
    InvalidCertificate,
    /// Its key is that of another certificate.
    #[error("the key of a CA is not that of its certificate")]
    KeyMismatch,
    /// More than one is active, or more than one is next.
    #[error("two CA certificates are {}", .0.as_str())]
    Ambiguous(CaState),
}

/// A CA, ready to sign.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) record: CaRecord,
    pub(super) issuer: Arc<Issuer<'static, CaKey>>,
    pub(super) sha256: [u8; 32],
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
}

impl Member {
    pub(super) fn new(record: CaRecord) -> Result<Self, CaLoadError> {
        let Ok(([], certificate)) = X509Certificate::from_der(&record.certificate) else {
            return Err(CaLoadError::InvalidCertificate);
        };
        if *certificate.public_key().subject_public_key.data != *record.key.der_bytes() {
            return Err(CaLoadError::KeyMismatch);
        }
        let issuer = Issuer::from_ca_cert_der(&(&*record.certificate).into(), record.key.clone())
            .map_err(|_| CaLoadError::InvalidCertificate)?;
        let validity = certificate.validity();
        Ok(Self {
            issuer: Arc::new(issuer),
            sha256: record.sha256(),
            not_before: Timestamp::from_unix_s(validity.not_before.timestamp()),
            not_after: Timestamp::from_unix_s(validity.not_after.timestamp()),
            record,
        })
    }
}
