//! JSON Web Key Sets of Ed25519 keys (RFC 7517, RFC 8037): published by the control plane, read by verifiers. `use`
//! says what a key signs; a verifier takes those of its own use and no others.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ed25519::VerifyingKey;

/// The longest document, bytes.
pub const LEN_MAX: usize = 65_536;

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

impl Jwk {
    /// The entry of a key of this use.
    pub fn of(key: &VerifyingKey, r#use: &str) -> Self {
        Self {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            x: URL_SAFE_NO_PAD.encode(key.as_bytes()),
            kid: key.key_id().to_string(),
            r#use: r#use.to_owned(),
            alg: "EdDSA".to_owned(),
        }
    }

    /// The key, if this is exactly its entry.
    pub fn key(&self) -> Option<VerifyingKey> {
        let point = URL_SAFE_NO_PAD.decode(&self.x).ok()?.try_into().ok()?;
        let key = VerifyingKey::from_bytes(&point).ok()?;
        (*self == Self::of(&key, &self.r#use)).then_some(key)
    }
}

/// The usable keys of this use in the text of a set; see [`keys_in`].
pub fn read(json: &str, r#use: &str) -> Result<Vec<VerifyingKey>, InvalidJwks> {
    if json.len() > LEN_MAX {
        return Err(InvalidJwks);
    }
    let set = serde_json::from_str(json).map_err(|_| InvalidJwks)?;
    keys_in(&set, r#use).ok_or(InvalidJwks)
}

/// The usable keys of this use in a set; `None` when it is none. Entries of other kinds, for other uses, or with a
/// `kid` that is not the key id of `x` are passed over.
pub fn keys_in(set: &Value, r#use: &str) -> Option<Vec<VerifyingKey>> {
    let entries = set["keys"].as_array()?.iter();
    let entries = entries.filter_map(|entry| Jwk::deserialize(entry).ok());
    Some(entries.filter(|entry| entry.r#use == r#use).filter_map(|entry| entry.key()).collect())
}
