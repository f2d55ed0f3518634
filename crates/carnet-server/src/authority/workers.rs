//! The keys by which tokens of workers are judged.

use carnet_authority::keyring::{Key, Keyring, Purpose};
use carnet_config::keys::Auth;
use carnet_ticket::worker_token::{HmacKey, WorkerKeys};
use secrecy::ExposeSecret;

/// Those of the keyring, and what the configuration says beside. A ring that is too full is cut: its first keys count.
pub(super) fn worker_keys(keyring: &Keyring, auth: &Auth) -> WorkerKeys {
    let hmac = |key: &Key| HmacKey::from_text(key.shared()?.expose_secret()).ok();
    let public = |key: &Key| Some(key.signing_key()?.verifying_key().clone());
    let mut keys = WorkerKeys::new();
    for key in keyring.verifying(Purpose::WorkerHmac).filter_map(hmac) {
        keys = keys.clone().with_hmac([key]).unwrap_or(keys);
    }
    for key in keyring.verifying(Purpose::WorkerEd25519).filter_map(public) {
        keys = keys.clone().with_public([key]).unwrap_or(keys);
    }
    if let Some(token) = &auth.worker_token {
        keys = keys.with_shared_token(token.expose_secret());
    }
    let own = auth.worker_tokens.iter();
    keys.with_worker_tokens(own.map(|(id, token)| (id.as_str(), token.expose_secret())))
        .with_revoked_ids(auth.worker_revoked_token_ids.iter().map(String::as_str))
}
