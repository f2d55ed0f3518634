//! RSA public keys: [`Rs256`] to [`Ps512`].

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
};

use super::key::{Check, Means};
use super::{Algorithm, KeyError, VerifyingKey};
use crate::id::KeyId;

/// Bits of a modulus that is neither too weak nor too slow.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

macro_rules! rsa {
    ($(#[$doc:meta])* $name:ident, $algorithm:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(VerifyingKey);

        impl $name {
            /// Reads a `SubjectPublicKeyInfo`, a PKCS#1 public key or a certificate, in PEM.
            pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
                VerifyingKey::from_pem($algorithm, pem).map(Self)
            }

            /// Reads a `SubjectPublicKeyInfo`, a PKCS#1 public key or a certificate, in DER.
            pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
                VerifyingKey::from_der($algorithm, der).map(Self)
            }
        }

        impl From<$name> for VerifyingKey {
            fn from(key: $name) -> Self {
                key.0
            }
        }
    };
}

rsa!(
    /// An RSA public key, for RS256.
    Rs256,
    Algorithm::Rs256
);
rsa!(
    /// An RSA public key, for RS384.
    Rs384,
    Algorithm::Rs384
);
rsa!(
    /// An RSA public key, for RS512.
    Rs512,
    Algorithm::Rs512
);
rsa!(
    /// An RSA public key, for PS256.
    Ps256,
    Algorithm::Ps256
);
rsa!(
    /// An RSA public key, for PS384.
    Ps384,
    Algorithm::Ps384
);
rsa!(
    /// An RSA public key, for PS512.
    Ps512,
    Algorithm::Ps512
);

/// The key with this modulus and exponent, both without leading zeros.
pub(super) fn key(algorithms: &[Algorithm], n: &[u8], e: &[u8]) -> Result<VerifyingKey, KeyError> {
    let is_exponent = match e {
        [] | [0, ..] | [1] => false,
        [.., last] => last & 1 == 1,
    };
    if !is_exponent || n.first().is_none_or(|first| *first == 0) {
        return Err(KeyError::InvalidKey);
    }
    if !MODULUS_BITS.contains(&bits(n)) {
        return Err(KeyError::WeakKey);
    }
    let components = RsaPublicKeyComponents { n, e };
    let spki = components.as_der().map_err(|_| KeyError::InvalidKey)?;
    // By way of the DER, because reading it checks that the numbers can be a key.
    let check = |algorithm: &Algorithm| {
        let parameters = parameters(*algorithm).ok_or(KeyError::AlgNotAllowed)?;
        let key = ParsedPublicKey::new(parameters, spki.as_ref());
        let means = Means::Public(key.map_err(|_| KeyError::InvalidKey)?);
        Ok(Check::new(*algorithm, spki.as_ref(), means))
    };
    let checks: Result<Vec<_>, _> = algorithms.iter().map(check).collect();
    Ok(VerifyingKey::new(KeyId::of(spki.as_ref()), checks?))
}

/// The padding, the digest and, for PSS, a salt as long as the digest.
fn parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn bits(number: &[u8]) -> usize {
    let spare = number.first().map_or(0, |first| first.leading_zeros());
    (8 * number.len()).saturating_sub(spare as usize)
}
