//! Public keys as files hold them: `SubjectPublicKeyInfo`, PKCS#1 and certificates, in DER and PEM.

use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521,
    OID_PKCS1_RSAENCRYPTION, OID_SIG_ED25519,
};
use x509_parser::prelude::{FromDer, Pem};
use x509_parser::public_key::RSAPublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::{Algorithm, KeyError, VerifyingKey, elliptic, rsa};

/// The longest file that is read as a key.
const LEN_MAX: usize = 65_536;

impl VerifyingKey {
    /// Reads the first block of a PEM text; see [`Self::from_der`].
    pub fn from_pem(algorithm: impl Into<Option<Algorithm>>, pem: &[u8]) -> Result<Self, KeyError> {
        if pem.len() > LEN_MAX {
            return Err(KeyError::InvalidKey);
        }
        let first = Pem::iter_from_buffer(pem).next();
        let block = first.and_then(Result::ok).ok_or(KeyError::InvalidKey)?;
        Self::from_der(algorithm, &block.contents)
    }

    /// Reads a `SubjectPublicKeyInfo`, a PKCS#1 public key, or a certificate of which nothing but the key counts.
    /// Without an algorithm the key serves those of its type.
    pub fn from_der(algorithm: impl Into<Option<Algorithm>>, der: &[u8]) -> Result<Self, KeyError> {
        if der.len() > LEN_MAX {
            return Err(KeyError::InvalidKey);
        }
        let algorithm = algorithm.into();
        if let Ok(([], certificate)) = X509Certificate::from_der(der) {
            return of_spki(algorithm, certificate.public_key());
        }
        if let Ok(([], spki)) = SubjectPublicKeyInfo::from_der(der) {
            return of_spki(algorithm, &spki);
        }
        match RSAPublicKey::from_der(der) {
            Ok(([], key)) => of_rsa(chosen(algorithm, &Algorithm::RSA)?, &key),
            _ => Err(KeyError::InvalidKey),
        }
    }
}

fn of_spki(
    algorithm: Option<Algorithm>,
    spki: &SubjectPublicKeyInfo<'_>,
) -> Result<VerifyingKey, KeyError> {
    let served = chosen(algorithm, served(spki)?)?;
    let bits = &*spki.subject_public_key.data;
    match served {
        [curve @ (Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512)] => {
            elliptic::ecdsa(*curve, bits)
        }
        [Algorithm::EdDsa] => elliptic::eddsa(bits.try_into().map_err(|_| KeyError::InvalidKey)?),
        _ => match RSAPublicKey::from_der(bits) {
            Ok(([], key)) => of_rsa(served, &key),
            _ => Err(KeyError::InvalidKey),
        },
    }
}

fn of_rsa(served: &[Algorithm], key: &RSAPublicKey<'_>) -> Result<VerifyingKey, KeyError> {
    // DER numbers are signed: a zero in front keeps them positive.
    let unsigned = |number: &'_ [u8]| match number {
        [0, rest @ ..] => Some(rest.to_vec()),
        [first, ..] if first & 0x80 == 0 => Some(number.to_vec()),
        _ => None,
    };
    let n = unsigned(key.modulus).ok_or(KeyError::InvalidKey)?;
    let e = unsigned(key.exponent).ok_or(KeyError::InvalidKey)?;
    rsa::key(served, &n, &e)
}

/// The algorithms of the key's type and curve.
fn served(spki: &SubjectPublicKeyInfo<'_>) -> Result<&'static [Algorithm], KeyError> {
    let kind = &spki.algorithm.algorithm;
    if *kind == OID_PKCS1_RSAENCRYPTION {
        return Ok(&Algorithm::RSA);
    }
    if *kind == OID_SIG_ED25519 {
        return Ok(&[Algorithm::EdDsa]);
    }
    let curve = spki.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
    let curve = curve.filter(|_| *kind == OID_KEY_TYPE_EC_PUBLIC_KEY);
    let curves: [(_, &[Algorithm]); 3] = [
        (OID_EC_P256, &[Algorithm::Es256]),
        (OID_NIST_EC_P384, &[Algorithm::Es384]),
        (OID_NIST_EC_P521, &[Algorithm::Es512]),
    ];
    let found = curves.into_iter().find(|(name, _)| curve.as_ref() == Some(name));
    found.map(|(_, served)| served).ok_or(KeyError::UnsupportedKey)
}

/// The one asked for, when it is among those of the key's type; all of them when none is.
pub(super) fn chosen(
    asked: Option<Algorithm>,
    served: &'static [Algorithm],
) -> Result<&'static [Algorithm], KeyError> {
    let Some(asked) = asked else { return Ok(served) };
    let at = served.iter().position(|algorithm| *algorithm == asked);
    at.and_then(|at| served.get(at..=at)).ok_or(KeyError::AlgNotAllowed)
}
