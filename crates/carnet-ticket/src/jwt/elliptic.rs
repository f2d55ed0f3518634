//! Public keys on curves: [`Es256`], [`Es384`], [`Es512`], [`EdDsa`].

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED,
    EcdsaVerificationAlgorithm, ParsedPublicKey,
};

use super::key::{Check, Means};
use super::{Algorithm, KeyError, VerifyingKey};
use crate::ed25519;
use crate::id::KeyId;

macro_rules! point {
    ($(#[$doc:meta])* $name:ident, $len:literal, $parse:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(VerifyingKey);

        impl $name {
            /// The key with this compressed point.
            pub fn new(point: [u8; $len]) -> Result<Self, KeyError> {
                $parse(&point).map(Self)
            }

            /// The key with this compressed point, in hex.
            pub fn hex(digits: &str) -> Result<Self, KeyError> {
                let mut point = [0; $len];
                hex::decode_to_slice(digits, &mut point).map_err(|_| KeyError::InvalidKey)?;
                Self::new(point)
            }

            pub(super) fn of(key: VerifyingKey) -> Self {
                Self(key)
            }
        }

        impl From<$name> for VerifyingKey {
            fn from(key: $name) -> Self {
                key.0
            }
        }
    };
}

point!(
    /// A public key on P-256, for ES256.
    Es256,
    33,
    |point| ecdsa(Algorithm::Es256, point)
);
point!(
    /// A public key on P-384, for ES384.
    Es384,
    49,
    |point| ecdsa(Algorithm::Es384, point)
);
point!(
    /// A public key on P-521, for ES512.
    Es512,
    67,
    |point| ecdsa(Algorithm::Es512, point)
);
point!(
    /// An Ed25519 public key, for `EdDSA`.
    EdDsa,
    32,
    eddsa
);

/// The key with this SEC1 point, compressed or not.
pub(super) fn ecdsa(algorithm: Algorithm, point: &[u8]) -> Result<VerifyingKey, KeyError> {
    let (verification, len) = curve(algorithm).ok_or(KeyError::AlgNotAllowed)?;
    let is_point = match point.first() {
        Some(2 | 3) => point.len() == 1 + len,
        Some(4) => point.len() == 1 + 2 * len,
        _ => false,
    };
    if !is_point {
        return Err(KeyError::InvalidKey);
    }
    let key = ParsedPublicKey::new(verification, point).map_err(|_| KeyError::InvalidKey)?;
    let spki = key.as_der().map_err(|_| KeyError::InvalidKey)?;
    let compressed = compress(spki.as_ref(), len).ok_or(KeyError::InvalidKey)?;
    let check = Check::new(algorithm, &compressed, Means::Public(key));
    Ok(VerifyingKey::new(KeyId::of(spki.as_ref()), vec![check]))
}

/// The key with this point; see [`ed25519`] for what is refused.
pub(super) fn eddsa(point: &[u8; 32]) -> Result<VerifyingKey, KeyError> {
    let key = ed25519::VerifyingKey::from_bytes(point).map_err(|_| KeyError::InvalidKey)?;
    let id = key.key_id();
    Ok(VerifyingKey::new(id, vec![Check::new(Algorithm::EdDsa, point, Means::Ed25519(key))]))
}

/// How signatures on the curve are checked (raw `r ‖ s`), and the bytes of a coordinate.
pub(super) fn curve(algorithm: Algorithm) -> Option<(&'static EcdsaVerificationAlgorithm, usize)> {
    match algorithm {
        Algorithm::Es256 => Some((&ECDSA_P256_SHA256_FIXED, 32)),
        Algorithm::Es384 => Some((&ECDSA_P384_SHA384_FIXED, 48)),
        Algorithm::Es512 => Some((&ECDSA_P521_SHA512_FIXED, 66)),
        _ => None,
    }
}

/// The compressed form of the point that a `SubjectPublicKeyInfo` ends with: `x`, and whether `y` is odd.
fn compress(spki: &[u8], len: usize) -> Option<Vec<u8>> {
    let (_, point) = spki.split_at_checked(spki.len().checked_sub(2 * len)?)?;
    let (x, y) = point.split_at_checked(len)?;
    let mut compressed = vec![2 + (y.last()? & 1)];
    compressed.extend_from_slice(x);
    Some(compressed)
}
