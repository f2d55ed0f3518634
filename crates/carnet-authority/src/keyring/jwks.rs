//! The public keys that verifiers fetch: staged ones included, so that they are known before their first use.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carnet_ticket::ed25519::VerifyingKey;
use serde_json::{Value, json};

use super::{KeyState, Keyring, Purpose};

impl Keyring {
    /// The JWK set (RFC 7517) of every public key that is not retired.
    pub fn jwks(&self) -> Value {
        let public = |key: &super::Key| {
            let r#use = key.info.purpose.jwk_use()?;
            let point = key.signing_key()?.verifying_key().as_bytes();
            Some(json!({
                "kty": "OKP",
                "crv": "Ed25519",
                "x": URL_SAFE_NO_PAD.encode(point),
                "kid": key.info.id.to_string(),
                "use": r#use,
                "alg": "EdDSA",
            }))
        };
        let live = self.keys.iter().filter(|key| key.info.state != KeyState::Retired);
        json!({ "keys": live.filter_map(public).collect::<Vec<_>>() })
    }
}

impl Purpose {
    /// The public keys of this purpose in a JWK set; `None` when it is no set. Entries of other kinds, for other
    /// uses, or with a `kid` that is not the key id of `x` are passed over.
    pub fn keys_in(self, jwks: &Value) -> Option<Vec<VerifyingKey>> {
        let entries = jwks["keys"].as_array()?;
        Some(entries.iter().filter_map(|entry| self.key_of(entry)).collect())
    }

    fn key_of(self, entry: &Value) -> Option<VerifyingKey> {
        let is = |name: &str, value: &str| entry[name] == value;
        if !(is("kty", "OKP") && is("crv", "Ed25519") && is("use", self.jwk_use()?)) {
            return None;
        }
        let point = URL_SAFE_NO_PAD.decode(entry["x"].as_str()?).ok()?;
        let key = VerifyingKey::from_bytes(point.as_slice().try_into().ok()?).ok()?;
        is("kid", &key.key_id().to_string()).then_some(key)
    }
}
