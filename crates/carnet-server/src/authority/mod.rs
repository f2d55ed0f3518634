//! [`Authority`]: what this server signs with, and under which policy. Its keys turn over while it serves.

mod keys;
mod mint;
mod workers;

use std::sync::Arc;

use arc_swap::ArcSwap;
use carnet_authority::keyring::{Key, KeyState, Keyring, SealKey, UnsealError};
use carnet_config::Config;
use carnet_config::keys::Auth;
use carnet_config::manifest::Tickets;
use carnet_store::{Store, StoreError};
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{WorkerKeys, WorkerTokenVerifier};
use secrecy::SecretString;
use tokio::sync::{Mutex, MutexGuard};

pub use keys::TurnError;
pub(crate) use mint::Signer;

/// Keys, role secrets and what tickets may say.
pub(crate) struct Authority {
    store: Store,
    seal: Option<SealKey>,
    keyring: ArcSwap<Keyring>,
    tickets: ArcSwap<Option<Tickets>>,
    /// What the configuration says of tokens of workers, and how strictly they are judged.
    auth: ArcSwap<(Auth, Profile)>,
    worker_tokens: Arc<WorkerTokenVerifier>,
    /// Keys are changed one at a time.
    turning: Mutex<()>,
}

/// Why the keys of a server cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// They could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There are managed keys, and no key that opens them.
    #[error("there are managed keys, and keys.seal_key is not set")]
    NoSealKey,
    /// The first ones could not be made.
    #[error("the first keys could not be made")]
    FirstKeys(#[source] Box<TurnError>),
    /// They do not open.
    #[error(transparent)]
    Unseal(#[from] UnsealError),
}

impl Authority {
    /// Opens every managed key, and joins those of the configuration.
    pub(crate) async fn open(
        store: Store,
        config: &Config,
        tickets: Option<Tickets>,
    ) -> Result<Self, AuthorityError> {
        let seal = config.keys.seal_key.as_ref().and_then(|key| SealKey::new(key.expose_secret()));
        let profile = config.profile.of_worker_tokens();
        let authority = Self {
            store,
            seal,
            keyring: ArcSwap::default(),
            tickets: ArcSwap::from_pointee(tickets),
            auth: ArcSwap::from_pointee((config.auth.clone(), profile)),
            worker_tokens: Arc::new(WorkerTokenVerifier::new(WorkerKeys::new(), profile)),
            turning: Mutex::default(),
        };
        authority.swap_keyring(authority.load(config).await?, config);
        Ok(authority)
    }

    /// The keys as they are now: those that `config` holds, and those of the store.
    pub(crate) async fn load(&self, config: &Config) -> Result<Keyring, AuthorityError> {
        Ok(Keyring::new(configured(config).chain(self.managed().await?)))
    }

    /// Signs and verifies with these from now on, and with the tokens of workers that a configuration names.
    pub(crate) fn swap_keyring(&self, keyring: Keyring, config: &Config) {
        self.auth.store(Arc::new((config.auth.clone(), config.profile.of_worker_tokens())));
        self.put_in_force(keyring);
    }

    fn put_in_force(&self, keyring: Keyring) {
        let said = self.auth.load();
        let (auth, profile) = &**said;
        self.worker_tokens.swap(workers::worker_keys(&keyring, auth), *profile);
        self.keyring.store(Arc::new(keyring));
    }

    /// Judges tokens of workers.
    pub(crate) fn worker_tokens(&self) -> &Arc<WorkerTokenVerifier> {
        &self.worker_tokens
    }

    /// Held while keys are read or changed: one at a time.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turning.lock().await
    }

    /// The keys in force.
    pub(crate) fn keyring(&self) -> Arc<Keyring> {
        self.keyring.load_full()
    }

    /// Judges and mints by this manifest from now on.
    pub(crate) fn swap_tickets(&self, tickets: Option<Tickets>) {
        self.tickets.store(Arc::new(tickets));
    }

    async fn managed(&self) -> Result<Vec<Key>, AuthorityError> {
        let rows = self.store.signing_keys().await?;
        let open = |row: carnet_store::SealedKey| {
            let seal = self.seal.as_ref().ok_or(AuthorityError::NoSealKey)?;
            Ok(seal.open(row.info, &row.sealed)?)
        };
        rows.into_iter().map(open).collect()
    }
}

/// The keys of the configuration: the first signs.
fn configured(config: &Config) -> impl Iterator<Item = Key> {
    let signs = config.auth.worker_signing_key.is_some();
    config.auth.worker_signing_ring().into_iter().enumerate().map(move |(index, text)| {
        let is_active = signs && index == 0;
        let state = if is_active { KeyState::Active } else { KeyState::Verifying };
        Key::configured(SecretString::clone(text), state)
    })
}
