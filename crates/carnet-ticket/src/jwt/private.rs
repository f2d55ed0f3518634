//! Private keys as files hold them: PKCS#8 and what was before it, in PEM, and JSON Web Keys.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, RsaKeyPair,
};
use serde_json::{Map, Value};

use super::der::chosen;
use super::jwk::{self, KEY_LEN_MAX};
use super::signing::ecdsa;
use super::{Algorithm, KeyError, SigningKey, json};
use crate::{ed25519, pem};

/// The curves of ECDSA, each with its one algorithm.
const CURVES: [(&[Algorithm; 1], &EcdsaSigningAlgorithm); 3] = [
    (&[Algorithm::Es256], &ECDSA_P256_SHA256_FIXED_SIGNING),
    (&[Algorithm::Es384], &ECDSA_P384_SHA384_FIXED_SIGNING),
    (&[Algorithm::Es512], &ECDSA_P521_SHA512_FIXED_SIGNING),
];

impl SigningKey {
    /// Reads the first private key of a PEM text: PKCS#8, SEC 1 or PKCS#1, not encrypted. Without an algorithm
    /// the key signs with the first of its type: RS256 for RSA.
    pub fn from_pem(algorithm: impl Into<Option<Algorithm>>, pem: &[u8]) -> Result<Self, KeyError> {
        let der = pem::private_key(pem).ok_or(KeyError::InvalidKey)?;
        let asked = algorithm.into();
        if let Ok(key) = ed25519::SigningKey::from_pkcs8(&der) {
            chosen(asked, &[Algorithm::EdDsa])?;
            return Self::eddsa(key);
        }
        for (served, signing) in CURVES {
            if let Ok(pair) = EcdsaKeyPair::from_private_key_der(signing, &der) {
                let [algorithm] = served;
                chosen(asked, served)?;
                return Self::ecdsa(*algorithm, pair);
            }
        }
        let pair = RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der));
        let pair = pair.map_err(|_| KeyError::InvalidKey)?;
        Self::rsa(first(chosen(asked, &Algorithm::RSA)?)?, pair)
    }

    /// Reads a private JSON Web Key: OKP, EC or oct. Its public half has to be that of the private one; its `kid`
    /// names the key. Without an algorithm it signs with its `alg`, or else the first of its type.
    pub fn from_jwk(algorithm: impl Into<Option<Algorithm>>, text: &str) -> Result<Self, KeyError> {
        if text.len() > KEY_LEN_MAX {
            return Err(KeyError::InvalidKey);
        }
        let jwk: Map<_, _> = json::object(text.as_bytes()).map_err(|_| KeyError::InvalidKey)?;
        let served = chosen(algorithm.into(), jwk::usable(&jwk, "sign")?)?;
        let key = private(&jwk, first(served)?)?;
        let public = jwk::public(&jwk, served)?;
        if public.key_id() != key.verifying_key().key_id() {
            return Err(KeyError::InvalidKey);
        }
        Ok(match public.kid() {
            None => key,
            Some(kid) => key.with_kid(kid),
        })
    }
}

fn private(jwk: &Map<String, Value>, algorithm: Algorithm) -> Result<SigningKey, KeyError> {
    let curve = |signing, number: &[u8]| ecdsa(algorithm, signing, number);
    match algorithm {
        Algorithm::EdDsa => SigningKey::ed25519(&jwk::fixed(jwk, "d")?),
        Algorithm::Es256 => curve(&ECDSA_P256_SHA256_FIXED_SIGNING, &jwk::fixed::<32>(jwk, "d")?),
        Algorithm::Es384 => curve(&ECDSA_P384_SHA384_FIXED_SIGNING, &jwk::fixed::<48>(jwk, "d")?),
        Algorithm::Es512 => curve(&ECDSA_P521_SHA512_FIXED_SIGNING, &jwk::fixed::<66>(jwk, "d")?),
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
            SigningKey::hmac(algorithm, &jwk::bytes(jwk, "k")?)
        }
        _ => Err(KeyError::UnsupportedKey),
    }
}

fn first(served: &[Algorithm]) -> Result<Algorithm, KeyError> {
    served.first().copied().ok_or(KeyError::AlgNotAllowed)
}
