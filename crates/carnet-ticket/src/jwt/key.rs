//! [`VerifyingKey`]: what tokens are checked with.

use std::fmt;

use ::hmac::{Hmac, Mac as _};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::ParsedPublicKey;
use sha2::{Sha256, Sha384, Sha512};

use super::Algorithm;
use crate::ed25519;
use crate::id;
use crate::id::{KeyId, UniqueId};

/// Why something is no key. In the order in which it is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Of a type or on a curve that no algorithm here uses.
    #[error("key of an unsupported type")]
    UnsupportedKey,
    /// Made for something else than to verify signatures.
    #[error("key is not for signatures")]
    WrongUse,
    /// The algorithm it names is not allowed, or not one of its type.
    #[error("key for an algorithm that is not allowed")]
    AlgNotAllowed,
    /// Not readable, of the wrong length, or no point or modulus that could be a key.
    #[error("key invalid")]
    InvalidKey,
    /// Too short to be safe, or longer than anybody should have to compute with.
    #[error("key too weak")]
    WeakKey,
}

/// A public key or a shared secret, and the algorithms that it serves. Parsed once, when it is made.
///
/// `Debug` shows its id alone.
#[derive(Clone)]
pub struct VerifyingKey {
    kid: Option<String>,
    id: KeyId,
    checks: Vec<Check>,
}

/// How one algorithm is checked.
#[derive(Clone)]
pub(super) struct Check {
    algorithm: Algorithm,
    /// Names the key in signatures of validators.
    fingerprint: UniqueId,
    means: Means,
}

/// The key itself, in the form that its library computes with.
#[derive(Clone)]
pub(super) enum Means {
    Mac(Box<hmac::Key>),
    // These hide their key, so that no other library can be handed it.
    Hmac256(Box<Hmac<Sha256>>),
    Hmac384(Box<Hmac<Sha384>>),
    Hmac512(Box<Hmac<Sha512>>),
    Public(ParsedPublicKey),
    Ed25519(ed25519::VerifyingKey),
}

impl VerifyingKey {
    pub(super) fn new(id: KeyId, checks: Vec<Check>) -> Self {
        Self { kid: None, id, checks }
    }

    /// The same key under a key id of a header: tokens that name another are not tried with it.
    #[must_use]
    pub fn with_kid(self, kid: impl Into<String>) -> Self {
        Self { kid: Some(kid.into()), ..self }
    }

    /// The key id that headers call it by.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Names it to logs and revocations, whatever headers call it.
    pub fn key_id(&self) -> KeyId {
        self.id
    }

    /// The algorithms that it serves.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> + '_ {
        self.checks.iter().map(|check| check.algorithm)
    }

    /// Whether it serves `algorithm`.
    pub fn serves(&self, algorithm: Algorithm) -> bool {
        self.algorithms().any(|served| served == algorithm)
    }

    /// Whether `signature` is this key's over `message`. An algorithm that it does not serve never holds.
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let check = self.checks.iter().find(|check| check.algorithm == algorithm);
        check.is_some_and(|check| check.means.holds(message, signature))
    }

    /// Each algorithm with the key's fingerprint under it.
    pub(super) fn fingerprints(&self) -> impl Iterator<Item = (Algorithm, UniqueId)> + '_ {
        self.checks.iter().map(|check| (check.algorithm, check.fingerprint))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.id)
    }
}

impl Check {
    /// A check with the key whose bytes, in the form that fingerprints are made of, are `bytes`.
    pub(super) fn new(algorithm: Algorithm, bytes: &[u8], means: Means) -> Self {
        Self { algorithm, fingerprint: label(algorithm).derive(bytes), means }
    }
}

impl Means {
    fn holds(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Mac(key) => hmac::verify(key, message, signature).is_ok(),
            Self::Hmac256(mac) => {
                (**mac).clone().chain_update(message).verify_slice(signature).is_ok()
            }
            Self::Hmac384(mac) => {
                (**mac).clone().chain_update(message).verify_slice(signature).is_ok()
            }
            Self::Hmac512(mac) => {
                (**mac).clone().chain_update(message).verify_slice(signature).is_ok()
            }
            Self::Public(key) => key.verify_sig(message, signature).is_ok(),
            Self::Ed25519(key) => key.verifies(message, signature),
        }
    }
}

/// What fingerprints of keys begin with.
const fn label(algorithm: Algorithm) -> UniqueId {
    match algorithm {
        Algorithm::Hs256 => id!("hs256"),
        Algorithm::Hs384 => id!("hs384"),
        Algorithm::Hs512 => id!("hs512"),
        Algorithm::Rs256 => id!("rs256"),
        Algorithm::Rs384 => id!("rs384"),
        Algorithm::Rs512 => id!("rs512"),
        Algorithm::Ps256 => id!("ps256"),
        Algorithm::Ps384 => id!("ps384"),
        Algorithm::Ps512 => id!("ps512"),
        Algorithm::Es256 => id!("es256"),
        Algorithm::Es384 => id!("es384"),
        Algorithm::Es512 => id!("es512"),
        Algorithm::EdDsa => id!("EdDsa"),
    }
}
