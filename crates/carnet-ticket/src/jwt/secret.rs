//! Shared secrets: [`Hs256`], [`Hs384`], [`Hs512`], and the MAC objects of the `hmac` crate.

use std::fmt;

use ::hmac::{Hmac, Mac as _};
use aws_lc_rs::hmac;
use sha2::{Sha256, Sha384, Sha512};

use super::key::{Check, Means};
use super::{Algorithm, KeyError, VerifyingKey};
use crate::id::KeyId;

/// What stands for the key of a MAC object that hides it.
const FINGERPRINT_MESSAGE: &[u8] = b"carnet key fingerprint";

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $len:literal, $algorithm:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name([u8; $len]);

        impl $name {
            /// The secret with these bytes.
            pub const fn new(secret: [u8; $len]) -> Self {
                Self(secret)
            }

            /// The secret with these hex digits. Panics when they are not exactly that, at compile time in a
            /// constant: it is for literals.
            pub const fn hex(digits: &str) -> Self {
                Self(unhex(digits))
            }

            pub(super) const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl From<$name> for VerifyingKey {
            fn from(secret: $name) -> Self {
                VerifyingKey::new(KeyId::of(&secret.0), vec![mac($algorithm, &secret.0)])
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

secret!(
    /// A secret for HS256.
    Hs256,
    32,
    Algorithm::Hs256
);
secret!(
    /// A secret for HS384.
    Hs384,
    48,
    Algorithm::Hs384
);
secret!(
    /// A secret for HS512.
    Hs512,
    64,
    Algorithm::Hs512
);

macro_rules! mac_object {
    ($digest:ty, $algorithm:expr, $means:path) => {
        /// Taken as it is: such an object hides how long its key is.
        impl From<Hmac<$digest>> for VerifyingKey {
            fn from(mac: Hmac<$digest>) -> Self {
                let stand_in =
                    mac.clone().chain_update(FINGERPRINT_MESSAGE).finalize().into_bytes();
                let check = Check::new($algorithm, &stand_in, $means(Box::new(mac)));
                VerifyingKey::new(KeyId::of(&stand_in), vec![check])
            }
        }
    };
}

mac_object!(Sha256, Algorithm::Hs256, Means::Hmac256);
mac_object!(Sha384, Algorithm::Hs384, Means::Hmac384);
mac_object!(Sha512, Algorithm::Hs512, Means::Hmac512);

impl VerifyingKey {
    /// A secret of any length that is enough for `algorithm`, which is one of [`Algorithm::HS`].
    pub fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        if !Algorithm::HS.contains(&algorithm) {
            return Err(KeyError::AlgNotAllowed);
        }
        Self::of_secret(&[algorithm], secret)
    }

    /// A secret for those of `algorithms` that it is long enough for.
    pub(super) fn of_secret(algorithms: &[Algorithm], secret: &[u8]) -> Result<Self, KeyError> {
        let is_enough = |algorithm: &&Algorithm| secret.len() >= digest_len(**algorithm);
        let fit = algorithms.iter().filter(is_enough);
        let checks: Vec<_> = fit.map(|algorithm| mac(*algorithm, secret)).collect();
        if checks.is_empty() {
            return Err(KeyError::WeakKey);
        }
        Ok(Self::new(KeyId::of(secret), checks))
    }
}

fn mac(algorithm: Algorithm, secret: &[u8]) -> Check {
    Check::new(algorithm, secret, Means::Mac(Box::new(mac_key(algorithm, secret))))
}

/// The secret as the library computes with it.
pub(super) fn mac_key(algorithm: Algorithm, secret: &[u8]) -> hmac::Key {
    let digest = match algorithm {
        Algorithm::Hs384 => hmac::HMAC_SHA384,
        Algorithm::Hs512 => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::Key::new(digest, secret)
}

/// Bytes of the digest: the least that a secret may have (RFC 7518, section 3.2).
const fn digest_len(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Hs384 => 48,
        Algorithm::Hs512 => 64,
        _ => 32,
    }
}

const fn unhex<const N: usize>(digits: &str) -> [u8; N] {
    let digits = digits.as_bytes();
    assert!(digits.len() == 2 * N, "a secret of this type has another length");
    let mut bytes = [0; N];
    let mut at = 0;
    while at < N {
        bytes[at] = nibble(digits[2 * at]) << 4 | nibble(digits[2 * at + 1]);
        at += 1;
    }
    bytes
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => panic!("not a hex digit"),
    }
}
