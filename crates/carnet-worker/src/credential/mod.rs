//! [`TokenSource`]: what a worker without a certificate of the fleet shows the control plane. Source: worker token
//! spec, section 9.

mod issuer;
mod source;

use std::path::PathBuf;
use std::time::Duration;

use arc_swap::ArcSwap;
use carnet_gate::Clock;
use carnet_ticket::identity::WorkerId;
use carnet_ticket::time::Timestamp;
use carnet_ticket::worker_token::{
    Audience, Claims, HmacKey, ID_HEADER, MintError, TOKEN_HEADER, WorkerScope, mint_v1,
};
use http::{HeaderValue, StatusCode};
use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

pub(crate) use source::Source;

use crate::error::{WorkerError, chain};
use crate::fetch;
use issuer::Issuer;

/// The life of a token that a worker mints itself.
const OWN_TTL: Duration = Duration::from_mins(5);

/// After this long an issuer that refused, or gave no answer, is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// What the tokens are for that a worker gets itself: to say that it is there, to go on with its tasks, and to report
/// on them.
const SCOPES: [WorkerScope; 3] = [WorkerScope::Heartbeat, WorkerScope::Lease, WorkerScope::Status];

/// Why there is no token to show.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// Nothing says where tokens come from.
    #[error(
        "there is no worker token: set auth.worker_token_file, worker.bootstrap_admin_key, auth.worker_token or \
         auth.worker_signing_key"
    )]
    NoSource,
    /// The file of the token cannot be read.
    #[error("the token file {path:?} cannot be read")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of the token is blank, or what is in it is no token.
    #[error("the token file {path:?} holds no token")]
    NoToken {
        /// The file.
        path: PathBuf,
    },
    /// The token has characters that no header has.
    #[error("the token is none")]
    BadToken,
    /// The issuer refuses.
    #[error("the control plane answers {0} to the request for a worker token")]
    Refused(StatusCode),
    /// The issuer gives no answer.
    #[error("the control plane gives no worker token")]
    Issuer(#[source] Box<fetch::FetchError>),
    /// What the issuer answers is no token.
    #[error("the control plane's answer holds no worker token")]
    Answer,
    /// The issuer was asked a moment ago, in vain.
    #[error("the control plane gave no worker token a moment ago")]
    AskedBefore,
    /// The machine gives no random bytes.
    #[error("a worker token cannot be made: there is no randomness")]
    NoRandomness,
    /// A token cannot be minted.
    #[error("a worker token cannot be made")]
    Mint(#[from] MintError),
}

/// Gives the token of each request.
pub(crate) struct TokenSource {
    worker_id: WorkerId,
    clock: Clock,
    control_plane: Url,
    issuer: Issuer,
    source: ArcSwap<Source>,
    kept: Mutex<Kept>,
}

/// The last token that the worker got itself.
#[derive(Default)]
struct Kept {
    token: Option<(SecretString, Timestamp)>,
    /// From when on another is got.
    renew_at: Option<Timestamp>,
}

impl TokenSource {
    pub(crate) fn new(
        worker_id: WorkerId,
        clock: Clock,
        control_plane: Url,
        source: Source,
    ) -> Result<Self, WorkerError> {
        Ok(Self {
            worker_id,
            clock,
            issuer: Issuer::new(&control_plane)?,
            control_plane,
            source: ArcSwap::from_pointee(source),
            kept: Mutex::default(),
        })
    }

    pub(crate) fn worker_id(&self) -> &WorkerId {
        &self.worker_id
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn control_plane(&self) -> &Url {
        &self.control_plane
    }

    /// From here on tokens come from there. One that is kept goes on to serve, unless it is from elsewhere.
    pub(crate) async fn swap(&self, source: Source) {
        let mut kept = self.kept.lock().await;
        if !self.source.load().is_same(&source) {
            *kept = Kept::default();
        }
        self.source.store(source.into());
    }

    /// The request, with the worker's id and token.
    pub(crate) async fn present(
        &self,
        request: RequestBuilder,
    ) -> Result<RequestBuilder, CredentialError> {
        let token = self.token().await?;
        let mut value =
            HeaderValue::from_str(token.expose_secret()).map_err(|_| CredentialError::BadToken)?;
        value.set_sensitive(true);
        Ok(request.header(ID_HEADER, self.worker_id.as_str()).header(TOKEN_HEADER, value))
    }

    async fn token(&self) -> Result<SecretString, CredentialError> {
        let source = self.source.load_full();
        match &*source {
            Source::None => Err(CredentialError::NoSource),
            Source::File(path) => source::read(&self.clock, path).await,
            Source::Static(token) => Ok(token.clone()),
            Source::Issuer { .. } | Source::SigningKey(_) => self.kept().await,
        }
    }

    /// The token that is kept, or another once two thirds of its life are over. While there is no other, it goes on to
    /// serve.
    async fn kept(&self) -> Result<SecretString, CredentialError> {
        // Who waits here finds what the one before got, and where tokens come from now.
        let mut kept = self.kept.lock().await;
        let source = self.source.load_full();
        let now = self.clock.now();
        let is_due = kept.renew_at.is_none_or(|renew_at| now >= renew_at);
        let got =
            if is_due { self.get(&source, now).await } else { Err(CredentialError::AskedBefore) };
        match got {
            Ok((token, ttl)) => {
                kept.token = Some((token.clone(), now.after(ttl)));
                kept.renew_at = Some(now.after(ttl * 2 / 3));
                Ok(token)
            }
            Err(error) => {
                if is_due {
                    kept.renew_at = Some(now.after(ASK_AGAIN));
                }
                match &kept.token {
                    Some((token, expires)) if now < *expires => {
                        if is_due {
                            tracing::warn!(
                                error = chain(&error),
                                "the worker token is not renewed; the old one goes on to serve"
                            );
                        }
                        Ok(token.clone())
                    }
                    _ => Err(error),
                }
            }
        }
    }

    /// Another token, and how long it counts from now on.
    async fn get(
        &self,
        source: &Source,
        now: Timestamp,
    ) -> Result<(SecretString, Duration), CredentialError> {
        match source {
            Source::Issuer { key, ttl } => {
                let asked = self.issuer.ask(&self.clock, key, &self.worker_id, *ttl);
                Ok((asked.await?, *ttl))
            }
            Source::SigningKey(key) => Ok((self.mint(key, now)?, OWN_TTL)),
            _ => Err(CredentialError::NoSource),
        }
    }

    fn mint(&self, key: &HmacKey, now: Timestamp) -> Result<SecretString, CredentialError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| CredentialError::NoRandomness)?;
        let life_s = i64::try_from(OWN_TTL.as_secs()).unwrap_or(0);
        let claims = Claims {
            worker_id: self.worker_id.to_string(),
            token_id: hex::encode(id),
            audience: Audience::ControlPlane.as_str().to_owned(),
            scopes: SCOPES.map(|scope| scope.as_str().to_owned()).to_vec(),
            expires_s: now.unix_s().saturating_add(life_s),
            issued_at_s: now.unix_s(),
            not_before_s: 0,
        };
        Ok(mint_v1(key, &claims)?.into())
    }
}
