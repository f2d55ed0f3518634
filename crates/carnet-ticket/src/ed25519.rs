//! Ed25519 keys, stricter than the library that computes with them: RFC 8032, and points that are canonical and
//! not of small order. A key of small order would accept one signature for every message.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};
use curve25519_dalek::edwards::CompressedEdwardsY;

use crate::id::KeyId;
use crate::pem;

/// What a `SubjectPublicKeyInfo` of an Ed25519 key begins with (RFC 8410, section 4).
const SPKI_PREFIX: [u8; 12] = *b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

/// These bytes are no key: not a canonical point of the curve, or one of small order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 key")]
pub struct InvalidKey;

/// A public key.
#[derive(Clone)]
pub struct VerifyingKey {
    bytes: [u8; 32],
    key: ParsedPublicKey,
    id: KeyId,
}

impl VerifyingKey {
    /// The key with this compressed point.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidKey> {
        let point = CompressedEdwardsY(*bytes).decompress().ok_or(InvalidKey)?;
        if point.compress().as_bytes() != bytes || point.is_small_order() {
            return Err(InvalidKey);
        }
        let key = ParsedPublicKey::new(&ED25519, bytes).map_err(|_| InvalidKey)?;
        Ok(Self { bytes: *bytes, key, id: KeyId::of(&spki(bytes)) })
    }

    /// The compressed point.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Names it: the key id of its `SubjectPublicKeyInfo`.
    pub fn key_id(&self) -> KeyId {
        self.id
    }

    /// Whether `signature` is this key's over `message`.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.id)
    }
}

/// A private key. `Debug` shows the id of its public half alone.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: VerifyingKey,
}

impl SigningKey {
    /// The key of this seed (the private key of RFC 8032).
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, InvalidKey> {
        Self::of(Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| InvalidKey)?)
    }

    /// Reads a PKCS#8 private key (RFC 8410).
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, InvalidKey> {
        Self::of(Ed25519KeyPair::from_pkcs8(der).map_err(|_| InvalidKey)?)
    }

    /// Reads the first private key of a PEM text; see [`Self::from_pkcs8`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, InvalidKey> {
        Self::from_pkcs8(&pem::private_key(pem).ok_or(InvalidKey)?)
    }

    fn of(pair: Ed25519KeyPair) -> Result<Self, InvalidKey> {
        let bytes = pair.public_key().as_ref().try_into().map_err(|_| InvalidKey)?;
        Ok(Self { public: VerifyingKey::from_bytes(&bytes)?, pair })
    }

    /// The public half.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    /// Signs `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.pair.sign(message).as_ref());
        signature
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.id)
    }
}

fn spki(point: &[u8; 32]) -> [u8; 44] {
    let mut der = [0; 44];
    der[..12].copy_from_slice(&SPKI_PREFIX);
    der[12..].copy_from_slice(point);
    der
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_small_order_other_spellings_and_other_curves_are_no_keys() {
        let of = |first: u8, rest: u8, last: u8| {
            let mut bytes = [rest; 32];
            (bytes[0], bytes[31]) = (first, last);
            VerifyingKey::from_bytes(&bytes)
        };
        assert!(of(1, 0, 0).is_err(), "the identity");
        assert!(of(1, 0, 0x80).is_err(), "the identity with a sign");
        assert!(of(0, 0, 0).is_err(), "order 4");
        assert!(of(0xec, 0xff, 0x7f).is_err(), "order 2");
        assert!(of(0xee, 0xff, 0x7f).is_err(), "the identity, written as p + 1");
        assert!(of(0xf0, 0xff, 0x7f).is_err(), "3, written as p + 3");
        assert!(of(2, 0, 0).is_err(), "not on the curve");
        assert!(of(3, 0, 0).is_ok());
    }

    #[test]
    fn a_signature_holds_for_its_message_and_key_alone() {
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        let other = SigningKey::from_seed(&[8; 32]).unwrap();
        let signature = key.sign(b"message");
        assert!(key.verifying_key().verifies(b"message", &signature));
        assert!(!key.verifying_key().verifies(b"massage", &signature));
        assert!(!other.verifying_key().verifies(b"message", &signature));
        assert!(!key.verifying_key().verifies(b"message", &signature[..63]));
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.verifying_key().key_id()));
    }
}
