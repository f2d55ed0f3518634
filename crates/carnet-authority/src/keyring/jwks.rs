//! The public keys that verifiers fetch: staged ones included, so that they are known before their first use.

use carnet_ticket::ed25519::VerifyingKey;
use carnet_ticket::jwks::{self, Jwk};
use serde_json::{Value, json};

use super::{KeyState, Keyring, Purpose};

impl Keyring {
    /// The JWK set (RFC 7517) of every public key that is not retired.
    pub fn jwks(&self) -> Value {
        let public = |key: &super::Key| {
            Some(Jwk::of(key.signing_key()?.verifying_key(), key.info.purpose.jwk_use()?))
        };
        let live = self.keys.iter().filter(|key| key.info.state != KeyState::Retired);
        json!({ "keys": live.filter_map(public).collect::<Vec<_>>() })
    }
}

impl Purpose {
    /// The public keys of this purpose in a JWK set; `None` when it is no set.
    pub fn keys_in(self, jwks: &Value) -> Option<Vec<VerifyingKey>> {
        // Shared secrets are in none.
        jwks::keys_in(jwks, self.jwk_use().unwrap_or_default())
    }
}
