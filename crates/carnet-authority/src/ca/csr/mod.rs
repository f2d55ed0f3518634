//! Signing requests (PKCS #10, RFC 2986): [`parse_csr`].
//!
//! Of a request nothing but the public key gets into a certificate. What else it asks for is compared with what its
//! bearer may have.

mod asked;
mod der;
mod key;
mod new;

pub(super) use asked::Asked;

use aws_lc_rs::digest::{SHA256, digest};
use rcgen::PublicKeyData as _;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::X509Version;

use super::pem;

/// The longest request, as PEM.
const LEN_MAX: usize = 16 * 1024;

/// Why a text is not a signing request that will do. In the order in which faults are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrError {
    /// It is too long to be read.
    #[error("the request has {len} bytes; at most {max}")]
    TooLarge {
        /// How long it is.
        len: usize,
        /// How long it may be.
        max: usize,
    },
    /// It is not one PEM block `CERTIFICATE REQUEST` of strict DER.
    #[error("not a certificate signing request")]
    CsrInvalid,
    /// It is not signed by its own key, or not with SHA-256, 384, 512 or Ed25519.
    #[error("the request is not signed by its own key")]
    CsrSignature,
    /// Its key is not P-256, P-384, Ed25519, or RSA of 2048 to 4096 bits with an exponent from 65537 to 2^32.
    #[error("the key is weak, or of a kind that is not taken")]
    CsrKey,
}

/// A signing request that was signed by its own key, which will do.
#[derive(Debug)]
pub struct VerifiedCsr {
    key: rcgen::SubjectPublicKeyInfo,
    spki_sha256: [u8; 32],
    asked: Asked,
}

/// Reads a signing request and checks its signature and its key.
pub fn parse_csr(text: &str) -> Result<VerifiedCsr, CsrError> {
    if text.len() > LEN_MAX {
        return Err(CsrError::TooLarge { len: text.len(), max: LEN_MAX });
    }
    let bytes = pem::decode("CERTIFICATE REQUEST", text);
    let bytes = bytes.filter(|bytes| der::is_strict(bytes) && der::is_signed(bytes));
    let bytes = bytes.ok_or(CsrError::CsrInvalid)?;
    let Ok(([], request)) = X509CertificationRequest::from_der(&bytes) else {
        return Err(CsrError::CsrInvalid);
    };
    if request.certification_request_info.version != X509Version::V1 {
        return Err(CsrError::CsrInvalid);
    }
    let asked = Asked::of(&request).ok_or(CsrError::CsrInvalid)?;
    let key = key::verified(&request)?;
    let mut spki_sha256 = [0; 32];
    spki_sha256.copy_from_slice(digest(&SHA256, &key.subject_public_key_info()).as_ref());
    Ok(VerifiedCsr { key, spki_sha256, asked })
}

impl VerifiedCsr {
    /// The same request, made in the name of a service: a name beside the common names in it.
    #[must_use]
    pub fn for_service(mut self, service_name: &str) -> Self {
        self.asked.common_names.push(service_name.as_bytes().to_vec());
        self
    }

    /// The name that it is made in, where it says exactly one.
    pub fn common_name(&self) -> Option<&str> {
        let [name] = self.asked.common_names.as_slice() else { return None };
        std::str::from_utf8(name).ok()
    }

    /// SHA-256 of its key's `SubjectPublicKeyInfo`.
    pub fn spki_sha256(&self) -> &[u8; 32] {
        &self.spki_sha256
    }

    pub(super) fn key(&self) -> &rcgen::SubjectPublicKeyInfo {
        &self.key
    }

    pub(super) fn asked(&self) -> &Asked {
        &self.asked
    }
}
