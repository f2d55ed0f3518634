//! [`Request`]: a key, and the request for a certificate for it.

use carnet_ticket::identity::WorkerName;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use zeroize::Zeroizing;

/// A new key on P-256, and a signing request by it. It is kept while an answer is awaited: asking again with the
/// same key gives the same certificate.
pub(crate) struct Request {
    key: Zeroizing<String>,
    /// The request.
    pub(crate) pem: String,
}

impl Request {
    /// One that names `common_name`, or nobody.
    pub(crate) fn generate(common_name: Option<&WorkerName>) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        if let Some(name) = common_name {
            params.distinguished_name.push(DnType::CommonName, name.as_str());
        }
        let pem = params.serialize_request(&key)?.pem()?;
        Ok(Self { key: Zeroizing::new(key.serialize_pem()), pem })
    }

    /// The key, PKCS#8 in PEM.
    pub(crate) fn key_pem(&self) -> &str {
        &self.key
    }
}
