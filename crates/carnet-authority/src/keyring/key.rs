//! [`Key`]: what is known of a key, and its secret.

use std::sync::Arc;

use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::id::KeyId;
use carnet_ticket::jwt::{self, EdDsaSigningKey};
use carnet_ticket::time::Timestamp;
use carnet_ticket::{revocation_feed, worker_token};
use secrecy::{ExposeSecret, SecretString};

/// What a key is for. It serves nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Worker tokens v1.
    WorkerHmac,
    /// Worker tokens v2.
    WorkerEd25519,
    /// JSON Web Tokens.
    Jwt,
    /// Messages of the revocation feed.
    RevocationFeed,
    /// Checkpoints of the audit chain.
    AuditCheckpoint,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 5] = [
        Self::WorkerHmac,
        Self::WorkerEd25519,
        Self::Jwt,
        Self::RevocationFeed,
        Self::AuditCheckpoint,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WorkerHmac => "worker-hmac",
            Self::WorkerEd25519 => "worker-ed25519",
            Self::Jwt => "jwt",
            Self::RevocationFeed => "revocation-feed",
            Self::AuditCheckpoint => "audit-checkpoint",
        }
    }

    /// The purpose of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == name)
    }

    /// `use` of its public keys in a JWKS; `None` for secrets that are shared.
    pub const fn jwk_use(self) -> Option<&'static str> {
        match self {
            Self::WorkerHmac => None,
            Self::WorkerEd25519 => Some(worker_token::jwks::USE),
            Self::Jwt => Some("sig"),
            Self::RevocationFeed => Some(revocation_feed::JWK_USE),
            Self::AuditCheckpoint => Some("audit-checkpoint"),
        }
    }
}

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Verifies, never signs.
    Staged,
    /// Signs; one per purpose.
    Active,
    /// Signed once, and still verifies.
    Verifying,
    /// Refused.
    Retired,
}

impl KeyState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 4] = [Self::Staged, Self::Active, Self::Verifying, Self::Retired];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Active => "active",
            Self::Verifying => "verifying",
            Self::Retired => "retired",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// Where a key is kept, and so how it is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeySource {
    /// The configuration: by editing that.
    Config,
    /// The store: by `carnet keys`.
    Store,
}

impl KeySource {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Store => "store",
        }
    }
}

/// What is known of a key. Nothing of it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// Names it.
    pub id: KeyId,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it is in its life.
    pub state: KeyState,
    /// Where it is kept.
    pub source: KeySource,
    /// When it was made; keys of the configuration do not say.
    pub created_at: Option<Timestamp>,
    /// When it began to sign.
    pub promoted_at: Option<Timestamp>,
    /// When the next one took over.
    pub demoted_at: Option<Timestamp>,
    /// When it was refused for good.
    pub retired_at: Option<Timestamp>,
}

/// A key's secret. `Debug` shows none of it.
#[derive(Debug, Clone)]
pub enum KeySecret {
    /// A text that is shared by who mints and who verifies.
    Hmac(SecretString),
    /// A private key, by its seed.
    Ed25519(Arc<SigningKey>, SecretString),
}

/// A key with its secret.
#[derive(Debug, Clone)]
pub struct Key {
    /// What is known of it.
    pub info: KeyInfo,
    /// Its secret.
    pub secret: KeySecret,
}

impl Key {
    /// Makes a key of `random` bytes: a staged one.
    pub(crate) fn generate(purpose: Purpose, random: &[u8; 32], now: Timestamp) -> Option<Self> {
        let secret = KeySecret::of_text(purpose, hex::encode(random).into())?;
        let info = KeyInfo {
            id: secret.key_id(),
            purpose,
            state: KeyState::Staged,
            source: KeySource::Store,
            created_at: Some(now),
            promoted_at: None,
            demoted_at: None,
            retired_at: None,
        };
        Some(Self { info, secret })
    }

    /// A key of the configuration, for worker tokens v1: the first of them signs.
    pub fn configured(text: SecretString, state: KeyState) -> Self {
        let secret = KeySecret::Hmac(text);
        let info = KeyInfo {
            id: secret.key_id(),
            purpose: Purpose::WorkerHmac,
            state,
            source: KeySource::Config,
            created_at: None,
            promoted_at: None,
            demoted_at: None,
            retired_at: None,
        };
        Self { info, secret }
    }

    /// The private key, where it is one.
    pub fn signing_key(&self) -> Option<&Arc<SigningKey>> {
        match &self.secret {
            KeySecret::Ed25519(key, _) => Some(key),
            KeySecret::Hmac(_) => None,
        }
    }

    /// The key to sign JSON Web Tokens with, where that is what it is for.
    pub fn jwt_key(&self) -> Option<jwt::SigningKey> {
        let KeySecret::Ed25519(_, text) = &self.secret else { return None };
        let mut seed = [0; 32];
        hex::decode_to_slice(text.expose_secret(), &mut seed).ok()?;
        let key = EdDsaSigningKey::from_bytes(&seed).ok()?;
        (self.info.purpose == Purpose::Jwt).then(|| key.into())
    }

    /// The shared text, where it is one.
    pub fn shared(&self) -> Option<&SecretString> {
        match &self.secret {
            KeySecret::Hmac(text) => Some(text),
            KeySecret::Ed25519(..) => None,
        }
    }
}

impl KeySecret {
    /// The secret that [`KeySecret::text`] gave; `None` when it is not one of that purpose.
    pub(crate) fn of_text(purpose: Purpose, text: SecretString) -> Option<Self> {
        if purpose == Purpose::WorkerHmac {
            return Some(Self::Hmac(text));
        }
        let mut seed = [0; 32];
        hex::decode_to_slice(text.expose_secret(), &mut seed).ok()?;
        let key = SigningKey::from_seed(&seed).ok()?;
        Some(Self::Ed25519(Arc::new(key), text))
    }

    /// What is sealed: the shared text, or the seed in hex.
    pub(crate) fn text(&self) -> &SecretString {
        match self {
            Self::Hmac(text) | Self::Ed25519(_, text) => text,
        }
    }

    fn key_id(&self) -> KeyId {
        match self {
            Self::Hmac(text) => KeyId::of(text.expose_secret().trim().as_bytes()),
            Self::Ed25519(key, _) => key.verifying_key().key_id(),
        }
    }
}
