//! Key sets of v2 keys.

use serde_json::Value;

use super::PUBLIC_KEYS_MAX;
use crate::ed25519::VerifyingKey;
pub use crate::jwks::{InvalidJwks, Jwk, LEN_MAX};

/// What the `use` of worker-token keys is: keys of any other are not for this.
pub const USE: &str = "worker-token";

/// The first [`PUBLIC_KEYS_MAX`] usable keys of a set.
pub fn read(json: &str) -> Result<Vec<VerifyingKey>, InvalidJwks> {
    let mut keys = crate::jwks::read(json, USE)?;
    keys.truncate(PUBLIC_KEYS_MAX);
    Ok(keys)
}

/// The set of `keys`.
pub fn write<'a>(keys: impl IntoIterator<Item = &'a VerifyingKey>) -> Value {
    let entries: Vec<_> = keys.into_iter().map(|key| Jwk::of(key, USE)).collect();
    serde_json::json!({ "keys": entries })
}
