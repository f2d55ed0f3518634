//! The public keys that verifiers fetch: staged ones included, so that they are known before their first use.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{KeyState, Keyring};

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
