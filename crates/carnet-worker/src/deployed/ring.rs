//! [`Ring`]: the keys and static tokens by which a worker believes the tokens of whoever calls it.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use carnet_config::Loaded;
use carnet_gate::{Clock, Freshness, Gate};
use carnet_ticket::ed25519::VerifyingKey;
use carnet_ticket::id::KeyId;
use carnet_ticket::verify::{Class, Profile, Surface};
use carnet_ticket::worker_token::{
    HmacKey, MintError, RingFull, WorkerKeys, WorkerTokenVerifier, jwks,
};
use parking_lot::Mutex;
use secrecy::ExposeSecret;

use crate::listener::{KindIsRole, STALENESS_MAX};

/// Why the keys of a worker cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RingError {
    /// There are more than a ring holds.
    #[error(transparent)]
    Full(#[from] RingFull),
    /// A key of the configuration is blank.
    #[error("auth.worker_signing_key: {0}")]
    Key(#[from] MintError),
    /// The file of public keys cannot be read.
    #[error("tickets.worker_jwks_file: {path:?} cannot be read")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of public keys is no key set.
    #[error("tickets.worker_jwks_file: {path:?} is no key set: {fault}")]
    Jwks {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: jwks::InvalidJwks,
    },
}

/// What tokens verify with.
pub(crate) struct Ring {
    verifier: Arc<WorkerTokenVerifier>,
    known: Mutex<Known>,
    ids: ArcSwap<Vec<KeyId>>,
}

/// What is known, by where it is from.
struct Known {
    configured: Configured,
    published: Vec<VerifyingKey>,
}

/// What the configuration says.
struct Configured {
    /// Everything but public keys.
    keys: WorkerKeys,
    profile: Profile,
    hmac_ids: Vec<KeyId>,
    /// Public keys of a file, which count alone.
    public: Option<Vec<VerifyingKey>>,
}

impl Ring {
    pub(super) fn new(loaded: &Loaded) -> Result<Self, RingError> {
        let configured = Configured::of(loaded)?;
        let none = WorkerTokenVerifier::new(WorkerKeys::new(), configured.profile);
        let ring = Self {
            verifier: Arc::new(none),
            known: Mutex::new(Known { configured, published: Vec::new() }),
            ids: ArcSwap::default(),
        };
        ring.put_in_force(&ring.known.lock());
        Ok(ring)
    }

    /// A gate that asks this ring.
    pub(super) fn gate(&self, clock: Clock) -> Gate {
        Gate::builder(clock)
            .freshness(Freshness::Remote { max_staleness: STALENESS_MAX })
            .verifier(Class::WorkerToken, Arc::clone(&self.verifier) as _)
            .verifier(Class::StaticToken, Arc::clone(&self.verifier) as _)
            .accept(Surface::Rpc, &[Class::WorkerToken, Class::StaticToken])
            .rights(Surface::Rpc, Arc::new(KindIsRole))
            .build()
    }

    /// The ids of all keys.
    pub(crate) fn ids(&self) -> Arc<Vec<KeyId>> {
        self.ids.load_full()
    }

    /// Whether public keys come from a file.
    pub(super) fn has_file(&self) -> bool {
        self.known.lock().configured.public.is_some()
    }

    /// Goes by another configuration from here on.
    pub(super) fn swap(&self, loaded: &Loaded) -> Result<(), RingError> {
        let configured = Configured::of(loaded)?;
        let mut known = self.known.lock();
        known.configured = configured;
        self.put_in_force(&known);
        Ok(())
    }

    /// Goes by these keys of the control plane from here on.
    pub(super) fn publish(&self, keys: Vec<VerifyingKey>) {
        let mut known = self.known.lock();
        known.published = keys;
        self.put_in_force(&known);
    }

    fn put_in_force(&self, known: &Known) {
        let configured = &known.configured;
        let public = configured.public.as_ref().unwrap_or(&known.published);
        let keys = configured.keys.clone();
        // A set has no more keys than a ring holds.
        let keys = keys.clone().with_public(public.iter().cloned()).unwrap_or(keys);
        self.verifier.swap(keys, configured.profile);
        let public = public.iter().map(VerifyingKey::key_id);
        self.ids.store(Arc::new(configured.hmac_ids.iter().copied().chain(public).collect()));
    }
}

impl Configured {
    fn of(loaded: &Loaded) -> Result<Self, RingError> {
        let (auth, tickets) = (&loaded.config.auth, &loaded.config.tickets);
        let hmac = auth.worker_signing_ring().into_iter();
        let hmac = hmac.map(|key| HmacKey::from_text(key.expose_secret()));
        let hmac: Vec<_> = hmac.collect::<Result<_, _>>()?;
        let hmac_ids = hmac.iter().map(HmacKey::key_id).collect();
        let mut keys = WorkerKeys::new()
            .with_hmac(hmac)?
            .with_revoked_ids(auth.worker_revoked_token_ids.iter().map(String::as_str));
        // Where a file has the token that the worker shows, another at any moment, nobody shows it one that stays.
        if loaded.secret_file("auth.worker_token").is_none() {
            let own = auth.worker_tokens.iter();
            keys = keys
                .with_worker_tokens(own.map(|(id, token)| (id.as_str(), token.expose_secret())));
            if let Some(token) = &auth.worker_token {
                keys = keys.with_shared_token(token.expose_secret());
            }
        }
        let public = tickets.worker_jwks_file.as_ref().map(|path| {
            let text =
                read(path).map_err(|source| RingError::File { path: path.clone(), source })?;
            jwks::read(&text).map_err(|fault| RingError::Jwks { path: path.clone(), fault })
        });
        let profile = loaded.config.profile.of_worker_tokens();
        Ok(Self { keys, profile, hmac_ids, public: public.transpose()? })
    }
}

fn read(path: &std::path::Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?.take(jwks::LEN_MAX as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}
