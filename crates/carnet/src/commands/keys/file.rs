//! Keys of JSON Web Tokens from files: PEM, JWK, a set of them, or a shared secret.

use std::path::Path;

use carnet_ticket::jwt::{Algorithm, JwkSet, KeyError, SigningKey, VerifyingKey};
use secrecy::ExposeSecret;

use crate::failure::Failure;
use crate::files;

/// The form of a key's text, told by how it begins.
enum Form {
    Pem,
    Jwk,
    Shared,
}

/// The keys of a file to verify with. A private key gives its public half; a shared secret is a key for each
/// algorithm that it is long enough for.
pub fn verifying(path: &Path) -> Result<Vec<VerifyingKey>, Failure> {
    let key = files::key(path)?;
    let text = key.expose_secret();
    let keys = match form(text) {
        Form::Pem => VerifyingKey::from_pem(None, text.as_bytes()).or_else(|error| {
            let private = SigningKey::from_pem(None, text.as_bytes());
            private.map(|key| key.verifying_key().clone()).map_err(|_| error)
        }),
        Form::Jwk => VerifyingKey::from_jwk(text),
        Form::Shared => {
            let keys = shared(text);
            let is_weak = keys.is_empty();
            return if is_weak { Err(files::unusable(path, KeyError::WeakKey)) } else { Ok(keys) };
        }
    };
    keys.map(|key| vec![key]).map_err(|error| files::unusable(path, error))
}

/// A shared secret, as a key for each algorithm that it is long enough for.
pub fn shared(secret: &str) -> Vec<VerifyingKey> {
    let key = |algorithm| VerifyingKey::hmac(algorithm, secret.as_bytes()).ok();
    Algorithm::HS.into_iter().filter_map(key).collect()
}

/// The keys of a set that can be used.
pub fn set(path: &Path) -> Result<Vec<VerifyingKey>, Failure> {
    let text = files::key_set(path)?;
    let set = JwkSet::from_json(&text).map_err(|error| files::unusable(path, error))?;
    for (index, fault) in set.skipped() {
        eprintln!("warning: {}: key {index} is passed over: {fault}", path.display());
    }
    Ok(set.into_keys())
}

/// The key of a file to sign with, by `algorithm` or the usual one of its type.
pub fn signing(path: &Path, algorithm: Option<Algorithm>) -> Result<SigningKey, Failure> {
    let key = files::key(path)?;
    let text = key.expose_secret();
    let key = match form(text) {
        Form::Pem => SigningKey::from_pem(algorithm, text.as_bytes()),
        Form::Jwk => SigningKey::from_jwk(algorithm, text),
        Form::Shared => SigningKey::hmac(algorithm.unwrap_or(Algorithm::Hs256), text.as_bytes()),
    };
    key.map_err(|error| files::unusable(path, error))
}

fn form(text: &str) -> Form {
    if text.contains("-----BEGIN ") {
        Form::Pem
    } else if text.starts_with('{') {
        Form::Jwk
    } else {
        Form::Shared
    }
}
