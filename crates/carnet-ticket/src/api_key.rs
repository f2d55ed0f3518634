//! API keys: secrets of services, from the configuration or stored by their digest.
//!
//! Stored keys are `carnet_ak_<ULID>_<43 base64url characters>` (control plane spec, section 6); keys from
//! the configuration are any text.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use subtle::{Choice, ConstantTimeEq};

use crate::id;
use crate::id::{KeyId, UniqueId};
use crate::realm::Ulid;
use crate::rights::{Rights, RouteScopes};
use crate::time::{Expiration, Timestamp};
use crate::verify::{Class, Facts, Limits, Presented, Reason, Verified, Verify};

/// What content ids of API keys are derived from.
pub const CLASS: UniqueId = id!("carnet.credential.api-key");

/// The most bytes an API key may have.
pub const LEN_MAX: usize = 512;

const PREFIX: &str = "carnet_ak_";
const SECRET_LEN: usize = 43;

/// The id of a stored API key: `key:<ULID>`. Not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ApiKeyId(pub Ulid);

/// A text that had to be `key:<ULID>` was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API key's id is key:<ULID>")]
pub struct MalformedKeyId;

impl ApiKeyId {
    /// Reads `key:<ULID>`.
    pub fn parse(text: &str) -> Result<Self, MalformedKeyId> {
        let ulid = text.strip_prefix("key:").ok_or(MalformedKeyId)?;
        ulid.parse().map(Self).map_err(|_| MalformedKeyId)
    }

    /// The id inside the text of a stored key; `None` when it is not the text of one.
    pub fn of_text(text: &str) -> Option<Self> {
        let (ulid, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let is_secret = secret.len() == SECRET_LEN
            && secret
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        is_secret.then(|| ulid.parse().ok().map(Self)).flatten()
    }

    /// The text of the key with this id: shown once, stored never. `secret` is 32 random bytes as base64url.
    pub fn text(&self, secret: &str) -> String {
        format!("{PREFIX}{}_{secret}", self.0)
    }
}

impl fmt::Display for ApiKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key:{}", self.0)
    }
}

/// The content id of the key with this id text: `key:<ULID>` for stored keys.
pub fn content_id(id: &str) -> UniqueId {
    CLASS.derive(id)
}

/// What is stored of a key: BLAKE3 of its text.
pub fn digest(text: &str) -> [u8; 32] {
    *blake3::hash(text.as_bytes()).as_bytes()
}

/// An API key that the configuration names.
#[derive(Clone)]
pub struct ConfiguredKey {
    /// Its service: `key:api` or `key:admin`.
    pub service: &'static str,
    /// The role it has.
    pub role: &'static str,
    key_id: KeyId,
    digest: [u8; 32],
}

impl ConfiguredKey {
    /// A key of `service` with `role`. Only the secret's digest is kept.
    pub fn new(service: &'static str, role: &'static str, secret: &str) -> Self {
        Self { service, role, key_id: KeyId::of(secret.as_bytes()), digest: digest(secret) }
    }

    /// Names the key to revocation and meters.
    pub fn content_id(&self) -> UniqueId {
        CLASS.derive(self.key_id.to_string())
    }
}

/// Judges API keys: those of the configuration, and stored ones by their row.
pub struct ApiKeys {
    configured: ArcSwap<Vec<ConfiguredKey>>,
}

impl ApiKeys {
    /// Knows `configured`, and every key that comes with a row.
    pub fn new(configured: Vec<ConfiguredKey>) -> Self {
        Self { configured: ArcSwap::from_pointee(configured) }
    }

    /// Knows these keys of the configuration from now on. Gives the content ids of those it knows no more.
    pub fn swap(&self, configured: Vec<ConfiguredKey>) -> Vec<UniqueId> {
        let is_kept = |old: &&ConfiguredKey| {
            configured.iter().any(|new| (new.key_id, new.role) == (old.key_id, old.role))
        };
        let before = self.configured.load_full();
        let dropped = before.iter().filter(|old| !is_kept(old)).map(ConfiguredKey::content_id);
        let dropped = dropped.collect();
        self.configured.store(Arc::new(configured));
        dropped
    }

    /// The key of the configuration that this is the text of.
    pub fn configured(&self, text: &str) -> Option<ConfiguredKey> {
        let digest = digest(text);
        let mut found = None;
        let configured = self.configured.load();
        for key in configured.iter() {
            // Every key is compared, in constant time, whichever matches.
            let same: Choice = key.digest.ct_eq(&digest);
            if same.into() {
                found = Some(key);
            }
        }
        found.cloned()
    }

    /// The key that a service has in the configuration.
    pub fn of_service(&self, service: &str) -> Option<ConfiguredKey> {
        self.configured.load().iter().find(|key| key.service == service).cloned()
    }

    /// The role that a service of the configuration has; none when it has no key there.
    pub fn role_of(&self, service: &str) -> Option<&'static str> {
        self.of_service(service).map(|key| key.role)
    }

    fn verify_configured(&self, text: &str, facts: &Facts) -> Result<Verified, Reason> {
        let key = self.configured(text).ok_or(Reason::Unknown)?;
        let set = facts.row.as_ref().and_then(|row| row.rights.clone());
        Ok(Verified {
            class: Class::ApiKey,
            content_id: key.content_id(),
            subject: Some(key.service.to_owned()),
            token_id: None,
            key_id: Some(key.key_id),
            issued_at: None,
            expires: Expiration::Never,
            rights: set.or_else(|| Some(Rights::Routes(RouteScopes::of_role(key.role)))),
            limits: Limits::none(),
            certificate: None,
            ancestors: facts.ancestors.clone(),
            claims: serde_json::Map::new(),
        })
    }
}

impl Verify for ApiKeys {
    fn verify(
        &self,
        presented: &Presented<'_>,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Verified, Reason> {
        if presented.data.is_some_and(|data| data.len() > LEN_MAX) {
            return Err(Reason::TooLarge);
        }
        let text = presented.as_text().ok_or(Reason::Malformed)?;
        if !text.starts_with(PREFIX) {
            return self.verify_configured(text, facts);
        }
        let id = ApiKeyId::of_text(text).ok_or(Reason::Malformed)?;
        let row = facts.row.as_ref().ok_or(Reason::Unknown)?;
        let same_key = row.content_id == content_id(&id.to_string());
        if !(same_key && row.proof.holds(text.as_bytes())) {
            return Err(Reason::Unknown);
        }
        Verified::of_row(Class::ApiKey, row, facts, now)
    }
}
