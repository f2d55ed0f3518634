//! [`CaKey`]: what a certificate authority signs with.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair as _,
};
use rcgen::{PublicKeyData, SignatureAlgorithm, SigningKey};
use zeroize::Zeroizing;

/// The curve of a CA's key, and with it the digest that it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Curve {
    /// P-256 with SHA-256.
    #[default]
    P256,
    /// P-384 with SHA-384.
    P384,
}

/// These bytes are no private key on P-256 or P-384.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a private key of a CA: P-256 or P-384, as PKCS#8")]
pub struct InvalidCaKey;

/// A private key. `Debug` shows its curve alone.
#[derive(Clone)]
pub struct CaKey {
    pair: Arc<EcdsaKeyPair>,
    curve: Curve,
}

impl Curve {
    const ALL: [Self; 2] = [Self::P256, Self::P384];

    /// The name in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
        }
    }

    /// The curve of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.as_str() == name)
    }

    fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
        }
    }
}

impl CaKey {
    /// Makes a key.
    pub(crate) fn generate(curve: Curve) -> Result<Self, InvalidCaKey> {
        let pair = EcdsaKeyPair::generate(curve.signing()).map_err(|_| InvalidCaKey)?;
        Ok(Self { pair: Arc::new(pair), curve })
    }

    /// Reads a PKCS#8 private key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, InvalidCaKey> {
        let read = |curve: Curve| {
            let pair = EcdsaKeyPair::from_pkcs8(curve.signing(), der).ok()?;
            Some(Self { pair: Arc::new(pair), curve })
        };
        Curve::ALL.into_iter().find_map(read).ok_or(InvalidCaKey)
    }

    /// The key as PKCS#8. Whoever writes it seals it.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, InvalidCaKey> {
        let der = self.pair.to_pkcs8v1().map_err(|_| InvalidCaKey)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }
}

impl fmt::Debug for CaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaKey({})", self.curve.as_str())
    }
}

impl PublicKeyData for CaKey {
    fn der_bytes(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.curve {
            Curve::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Curve::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        }
    }
}

impl SigningKey for CaKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = self.pair.sign(&SystemRandom::new(), message);
        Ok(signature.map_err(|_| rcgen::Error::RingUnspecified)?.as_ref().to_vec())
    }
}

/// The key identifier of a public key: the leftmost 20 bytes of SHA-256 of its bits (RFC 7093, section 2, method 1).
pub(super) fn key_identifier(key: &impl PublicKeyData) -> Vec<u8> {
    digest(&SHA256, key.der_bytes()).as_ref()[..20].to_vec()
}
