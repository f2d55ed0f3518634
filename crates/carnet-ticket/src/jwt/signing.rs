//! [`SigningKey`]: what tokens are signed with.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};

use super::secret::mac_key;
use super::{
    Algorithm, EdDsa, Es256, Es384, Es512, Hs256, Hs384, Hs512, KeyError, SignError, VerifyingKey,
    elliptic,
};
use crate::ed25519;

/// A private key or a shared secret, and the algorithm it signs with. Clones share it; `Debug` shows the id alone.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: Algorithm,
    means: Arc<Means>,
    public: VerifyingKey,
}

enum Means {
    Mac(Box<hmac::Key>),
    Ecdsa(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    Ed25519(ed25519::SigningKey),
}

impl SigningKey {
    /// A shared secret of any length that is enough for `algorithm`; see [`VerifyingKey::hmac`].
    pub fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let public = VerifyingKey::hmac(algorithm, secret)?;
        let means = Arc::new(Means::Mac(Box::new(mac_key(algorithm, secret))));
        Ok(Self { algorithm, means, public })
    }

    /// The algorithm that it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What its signatures are checked with; the secret itself, when it is a shared one.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    /// The same key under a key id of a header.
    pub(super) fn with_kid(mut self, kid: &str) -> Self {
        self.public = self.public.with_kid(kid);
        self
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &*self.means {
            Means::Mac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Means::Ecdsa(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message);
                signature.map(|bytes| bytes.as_ref().to_vec()).map_err(|_| SignError::Signing)
            }
            Means::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let signed = pair.sign(*encoding, &SystemRandom::new(), message, &mut signature);
                signed.map(|()| signature).map_err(|_| SignError::Signing)
            }
            Means::Ed25519(key) => Ok(key.sign(message).to_vec()),
        }
    }

    pub(super) fn ecdsa(algorithm: Algorithm, pair: EcdsaKeyPair) -> Result<Self, KeyError> {
        let public = elliptic::ecdsa(algorithm, pair.public_key().as_ref())?;
        Ok(Self { algorithm, means: Arc::new(Means::Ecdsa(pair)), public })
    }

    /// `algorithm` is one of [`Algorithm::RSA`].
    pub(super) fn rsa(algorithm: Algorithm, pair: RsaKeyPair) -> Result<Self, KeyError> {
        let public = VerifyingKey::from_der(algorithm, pair.public_key().as_ref())?;
        let means = Means::Rsa(Box::new(pair), rsa_encoding(algorithm));
        Ok(Self { algorithm, means: Arc::new(means), public })
    }

    pub(super) fn ed25519(seed: &[u8; 32]) -> Result<Self, KeyError> {
        Self::eddsa(ed25519::SigningKey::from_seed(seed).map_err(|_| KeyError::InvalidKey)?)
    }

    pub(super) fn eddsa(key: ed25519::SigningKey) -> Result<Self, KeyError> {
        let public = elliptic::eddsa(key.verifying_key().as_bytes())?;
        Ok(Self { algorithm: Algorithm::EdDsa, means: Arc::new(Means::Ed25519(key)), public })
    }
}

/// The padding and the digest; a salt, where there is one, as long as the digest.
fn rsa_encoding(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        Algorithm::Rs384 => &RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &RSA_PSS_SHA256,
        Algorithm::Ps384 => &RSA_PSS_SHA384,
        Algorithm::Ps512 => &RSA_PSS_SHA512,
        _ => &RSA_PKCS1_SHA256,
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.key_id())
    }
}

macro_rules! secret {
    ($name:ident, $algorithm:expr) => {
        impl From<$name> for SigningKey {
            fn from(secret: $name) -> Self {
                let means = Arc::new(Means::Mac(Box::new(mac_key($algorithm, secret.as_bytes()))));
                Self { algorithm: $algorithm, means, public: secret.into() }
            }
        }
    };
}

secret!(Hs256, Algorithm::Hs256);
secret!(Hs384, Algorithm::Hs384);
secret!(Hs512, Algorithm::Hs512);

macro_rules! private {
    ($(#[$doc:meta])* $name:ident, $public:ident, $len:literal, $parse:expr, $generate:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(SigningKey);

        impl $name {
            /// The key with these bytes: the private number, most significant byte first, or the seed.
            pub fn from_bytes(bytes: &[u8; $len]) -> Result<Self, KeyError> {
                $parse(bytes).map(Self)
            }

            /// A new key. `InvalidKey` when the system gives no randomness.
            pub fn random() -> Result<Self, KeyError> {
                $generate().map(Self)
            }

            /// The public half.
            pub fn verifying_key(&self) -> $public {
                $public::of(self.0.public.clone())
            }
        }

        impl From<$name> for SigningKey {
            fn from(key: $name) -> Self {
                key.0
            }
        }
    };
}

private!(
    /// A private key on P-256, for ES256.
    Es256SigningKey,
    Es256,
    32,
    |bytes| ecdsa(Algorithm::Es256, &ECDSA_P256_SHA256_FIXED_SIGNING, bytes),
    || generate(Algorithm::Es256, &ECDSA_P256_SHA256_FIXED_SIGNING)
);
private!(
    /// A private key on P-384, for ES384.
    Es384SigningKey,
    Es384,
    48,
    |bytes| ecdsa(Algorithm::Es384, &ECDSA_P384_SHA384_FIXED_SIGNING, bytes),
    || generate(Algorithm::Es384, &ECDSA_P384_SHA384_FIXED_SIGNING)
);
private!(
    /// A private key on P-521, for ES512.
    Es512SigningKey,
    Es512,
    66,
    |bytes| ecdsa(Algorithm::Es512, &ECDSA_P521_SHA512_FIXED_SIGNING, bytes),
    || generate(Algorithm::Es512, &ECDSA_P521_SHA512_FIXED_SIGNING)
);
private!(
    /// The seed of an Ed25519 private key, for `EdDSA`.
    EdDsaSigningKey,
    EdDsa,
    32,
    SigningKey::ed25519,
    generate_ed25519
);

pub(super) fn ecdsa(
    algorithm: Algorithm,
    signing: &'static EcdsaSigningAlgorithm,
    number: &[u8],
) -> Result<SigningKey, KeyError> {
    // RFC 5915 without the optional public key, which is computed: two numbers, all lengths below 128.
    let len = u8::try_from(number.len()).map_err(|_| KeyError::InvalidKey)?;
    let der = [&[0x30, len + 5, 2, 1, 1, 4, len], number].concat();
    let pair = EcdsaKeyPair::from_private_key_der(signing, &der);
    SigningKey::ecdsa(algorithm, pair.map_err(|_| KeyError::InvalidKey)?)
}

fn generate(
    algorithm: Algorithm,
    signing: &'static EcdsaSigningAlgorithm,
) -> Result<SigningKey, KeyError> {
    let pair = EcdsaKeyPair::generate(signing).map_err(|_| KeyError::InvalidKey)?;
    SigningKey::ecdsa(algorithm, pair)
}

fn generate_ed25519() -> Result<SigningKey, KeyError> {
    let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::InvalidKey)?;
    let seed = pair.seed().map_err(|_| KeyError::InvalidKey)?;
    let seed: Curve25519SeedBin<'static> = seed.as_be_bytes().map_err(|_| KeyError::InvalidKey)?;
    SigningKey::ed25519(seed.as_ref().try_into().map_err(|_| KeyError::InvalidKey)?)
}
