//! JSON Web Keys (RFC 7517) and sets of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::der::chosen;
use super::{Algorithm, KEYS_MAX, KeyError, VerifyingKey, elliptic, json, rsa};

/// The longest text of a key set.
const SET_LEN_MAX: usize = 1_048_576;

/// The longest text of a key.
pub(super) const KEY_LEN_MAX: usize = 65_536;

/// Why a text is no key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkSetError {
    /// More than a mebibyte.
    #[error("key set of more than {SET_LEN_MAX} bytes")]
    TooLarge,
    /// Not a JSON object with a list of keys.
    #[error("key set malformed")]
    Malformed,
    /// More than a hundred.
    #[error("key set of {0} keys, at most {KEYS_MAX} are read")]
    TooManyKeys(usize),
}

/// The keys of a set that can be used, and what is wrong with the others.
#[derive(Debug, Clone, Default)]
pub struct JwkSet {
    keys: Vec<VerifyingKey>,
    skipped: Vec<(usize, KeyError)>,
}

impl JwkSet {
    /// Reads a set.
    pub fn from_json(text: &str) -> Result<Self, JwkSetError> {
        if text.len() > SET_LEN_MAX {
            return Err(JwkSetError::TooLarge);
        }
        let set: Map<_, _> = json::object(text.as_bytes()).map_err(|_| JwkSetError::Malformed)?;
        let Some(Value::Array(members)) = set.get("keys") else {
            return Err(JwkSetError::Malformed);
        };
        if members.len() > KEYS_MAX {
            return Err(JwkSetError::TooManyKeys(members.len()));
        }
        let mut read = Self::default();
        for (index, member) in members.iter().enumerate() {
            match member.as_object().ok_or(KeyError::InvalidKey).and_then(import) {
                Ok(key) => read.keys.push(key),
                Err(fault) => read.skipped.push((index, fault)),
            }
        }
        Ok(read)
    }

    /// The keys that can be used, in their order.
    pub fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    /// The same, to keep.
    pub fn into_keys(self) -> Vec<VerifyingKey> {
        self.keys
    }

    /// The others: their place in the set, from 0, and why.
    pub fn skipped(&self) -> &[(usize, KeyError)] {
        &self.skipped
    }
}

impl VerifyingKey {
    /// Reads a JSON Web Key. Private members are passed over.
    pub fn from_jwk(text: &str) -> Result<Self, KeyError> {
        if text.len() > KEY_LEN_MAX {
            return Err(KeyError::InvalidKey);
        }
        let jwk = json::object(text.as_bytes()).map_err(|_| KeyError::InvalidKey)?;
        import(&jwk)
    }
}

fn import(jwk: &Map<String, Value>) -> Result<VerifyingKey, KeyError> {
    public(jwk, usable(jwk, "verify")?)
}

/// The algorithms that a key of its type and `alg` serves, if it may be used for `operation`.
pub(super) fn usable(
    jwk: &Map<String, Value>,
    operation: &str,
) -> Result<&'static [Algorithm], KeyError> {
    let served = served(jwk)?;
    check_use(jwk, operation)?;
    let Some(name) = jwk.get("alg") else { return Ok(served) };
    let algorithm = name.as_str().and_then(Algorithm::from_name);
    chosen(Some(algorithm.ok_or(KeyError::AlgNotAllowed)?), served)
}

/// The public half; the secret itself, when it is a shared one.
pub(super) fn public(
    jwk: &Map<String, Value>,
    served: &'static [Algorithm],
) -> Result<VerifyingKey, KeyError> {
    let key = match served {
        [Algorithm::EdDsa] => elliptic::eddsa(&fixed(jwk, "x")?)?,
        [Algorithm::Es256] => ecdsa::<32>(jwk, Algorithm::Es256)?,
        [Algorithm::Es384] => ecdsa::<48>(jwk, Algorithm::Es384)?,
        [Algorithm::Es512] => ecdsa::<66>(jwk, Algorithm::Es512)?,
        [Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512, ..] => {
            VerifyingKey::of_secret(served, &bytes(jwk, "k")?)?
        }
        _ => rsa::key(served, &bytes(jwk, "n")?, &bytes(jwk, "e")?)?,
    };
    match jwk.get("kid") {
        None => Ok(key),
        Some(kid) => kid.as_str().map(|kid| key.with_kid(kid)).ok_or(KeyError::InvalidKey),
    }
}

/// The algorithms of the key's type and curve.
fn served(jwk: &Map<String, Value>) -> Result<&'static [Algorithm], KeyError> {
    let text = |name| jwk.get(name).and_then(Value::as_str);
    match (text("kty"), text("crv")) {
        (Some("oct"), _) => Ok(&Algorithm::HS),
        (Some("RSA"), _) => Ok(&Algorithm::RSA),
        (Some("EC"), Some("P-256")) => Ok(&[Algorithm::Es256]),
        (Some("EC"), Some("P-384")) => Ok(&[Algorithm::Es384]),
        (Some("EC"), Some("P-521")) => Ok(&[Algorithm::Es512]),
        (Some("OKP"), Some("Ed25519")) => Ok(&[Algorithm::EdDsa]),
        _ => Err(KeyError::UnsupportedKey),
    }
}

/// A key that says what it is for has to be for signatures.
fn check_use(jwk: &Map<String, Value>, operation: &str) -> Result<(), KeyError> {
    let is_for_signatures = jwk.get("use").is_none_or(|purpose| purpose == "sig");
    let names_it = |operations: &Value| {
        operations.as_array().is_some_and(|names| names.iter().any(|name| name == operation))
    };
    let may_be_used = jwk.get("key_ops").is_none_or(names_it);
    if is_for_signatures && may_be_used { Ok(()) } else { Err(KeyError::WrongUse) }
}

fn ecdsa<const N: usize>(
    jwk: &Map<String, Value>,
    algorithm: Algorithm,
) -> Result<VerifyingKey, KeyError> {
    let (x, y) = (fixed::<N>(jwk, "x")?, fixed::<N>(jwk, "y")?);
    elliptic::ecdsa(algorithm, &[&[4], &x[..], &y[..]].concat())
}

pub(super) fn fixed<const N: usize>(
    jwk: &Map<String, Value>,
    name: &str,
) -> Result<[u8; N], KeyError> {
    bytes(jwk, name)?.try_into().map_err(|_| KeyError::InvalidKey)
}

/// The bytes that a member spells in canonical base64url.
pub(super) fn bytes(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, KeyError> {
    let text = jwk.get(name).and_then(Value::as_str).ok_or(KeyError::InvalidKey)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::InvalidKey)
}
