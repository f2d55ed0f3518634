//! [`Source`]: where tokens come from.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use carnet_config::Loaded;
use carnet_gate::Clock;
use carnet_ticket::worker_token::{HmacKey, TOKEN_LEN_MAX};
use secrecy::{ExposeSecret, SecretString};

use super::CredentialError;
use crate::pause::within;

/// How long reading a token may take.
const READ_MAX: Duration = Duration::from_secs(5);

/// Where tokens come from.
pub(crate) enum Source {
    /// Nowhere.
    None,
    /// A file that somebody else writes, read for every request.
    File(PathBuf),
    /// The control plane, by an API key that may mint for this worker.
    Issuer {
        /// The key.
        key: SecretString,
        /// How long a token lives.
        ttl: Duration,
    },
    /// The configuration.
    Static(SecretString),
    /// The worker itself.
    SigningKey(Box<HmacKey>),
}

impl Source {
    /// Whether what came from the one could have come from the other.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::File(one), Self::File(other)) => one == other,
            (Self::Issuer { key: one, .. }, Self::Issuer { key: other, .. })
            | (Self::Static(one), Self::Static(other)) => {
                one.expose_secret() == other.expose_secret()
            }
            (Self::SigningKey(one), Self::SigningKey(other)) => one.key_id() == other.key_id(),
            _ => false,
        }
    }

    /// The first that a configuration names.
    pub(crate) fn of(loaded: &Loaded) -> Self {
        let (auth, worker) = (&loaded.config.auth, &loaded.config.worker);
        if let Some(path) = loaded.secret_file("auth.worker_token") {
            return Self::File(path.to_owned());
        }
        if let Some(key) = &worker.bootstrap_admin_key {
            return Self::Issuer { key: key.clone(), ttl: worker.bootstrap_token_ttl };
        }
        if let Some(token) = &auth.worker_token {
            return Self::Static(token.clone());
        }
        let key = auth.worker_signing_key.as_ref();
        key.and_then(|key| HmacKey::from_text(key.expose_secret()).ok())
            .map_or(Self::None, |key| Self::SigningKey(Box::new(key)))
    }
}

/// The token that a file holds now.
pub(super) async fn read(clock: &Clock, path: &Path) -> Result<SecretString, CredentialError> {
    let (path, named) = (path.to_owned(), path.to_owned());
    let read = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        std::fs::File::open(path)?.take(TOKEN_LEN_MAX as u64 + 64).read_to_string(&mut text)?;
        Ok(text)
    });
    let text = match within(clock, READ_MAX, read).await {
        Some(read) => read.unwrap_or_else(|error| Err(std::io::Error::other(error))),
        None => Err(std::io::ErrorKind::TimedOut.into()),
    };
    let text = text.map_err(|source| CredentialError::File { path: named.clone(), source })?;
    match text.trim() {
        "" => Err(CredentialError::NoToken { path: named }),
        token if token.len() > TOKEN_LEN_MAX => Err(CredentialError::NoToken { path: named }),
        token => Ok(SecretString::from(token)),
    }
}
