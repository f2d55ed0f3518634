//! JSON Web Key Sets of v2 keys (RFC 7517, RFC 8037): read by verifiers, published by the control plane.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::PUBLIC_KEYS_MAX;
use crate::ed25519::VerifyingKey;

/// The longest document, bytes.
pub const LEN_MAX: usize = 65_536;

/// What the `use` of worker-token keys is: keys of any other are not for this.
const USE: &str = "worker-token";

/// A text is no JSON object with a list `keys`, or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON Web Key Set")]
pub struct InvalidJwks;

/// One key, as a member of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    kty: String,
    crv: String,
    x: String,
    kid: String,
    r#use: String,
    alg: String,
}

#[derive(Serialize, Deserialize)]
struct Set<K> {
    keys: Vec<K>,
}

impl Jwk {
    /// The entry of `key`.
    pub fn of(key: &VerifyingKey) -> Self {
        Self {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            x: URL_SAFE_NO_PAD.encode(key.as_bytes()),
            kid: key.key_id().to_string(),
            r#use: USE.to_owned(),
            alg: "EdDSA".to_owned(),
        }
    }

    /// The key, if this is exactly its entry.
    pub fn key(&self) -> Option<VerifyingKey> {
        let point = URL_SAFE_NO_PAD.decode(&self.x).ok()?.try_into().ok()?;
        let key = VerifyingKey::from_bytes(&point).ok()?;
        (*self == Self::of(&key)).then_some(key)
    }
}

/// The first [`PUBLIC_KEYS_MAX`] usable keys of a set. Entries of other kinds, for other uses, or with a
/// `kid` that is not the key id of `x` are passed over.
pub fn read(json: &str) -> Result<Vec<VerifyingKey>, InvalidJwks> {
    if json.len() > LEN_MAX {
        return Err(InvalidJwks);
    }
    let set: Set<Value> = serde_json::from_str(json).map_err(|_| InvalidJwks)?;
    let usable = |entry| serde_json::from_value::<Jwk>(entry).ok()?.key();
    Ok(set.keys.into_iter().filter_map(usable).take(PUBLIC_KEYS_MAX).collect())
}

/// The set of `keys`.
pub fn write<'a>(keys: impl IntoIterator<Item = &'a VerifyingKey>) -> Value {
    let entries: Vec<_> = keys.into_iter().map(Jwk::of).collect();
    serde_json::json!({ "keys": entries })
}
