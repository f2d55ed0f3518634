//! [`Deployed`]: a worker without a certificate of the fleet. Whoever deploys it gives it PEM files to serve TLS with,
//! and tokens to say who it is. Source: worker token spec, sections 5, 7 and 9; worker runtime spec, section 11.
//!
//! Whoever calls it needs a certificate of the CAs that it was given, and for tasks a token. Files, keys and lists are
//! looked at every few seconds, and exchanged while it serves.

mod files;
mod ring;
mod settings;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use carnet_config::{ReloadError, Watch};
use carnet_gate::{Clock, Gate};
use carnet_ticket::identity::WorkerId;
use carnet_ticket::worker_token::jwks;
use parking_lot::Mutex;
use reqwest::Url;
use tokio_util::sync::CancellationToken;

pub(crate) use files::Files;
pub(crate) use ring::{Ring, RingError};
pub(crate) use settings::Settings;

use crate::credential::{Source, TokenSource};
use crate::error::{WorkerError, chain};
use crate::plane::Plane;
use crate::revocations::published;
use crate::tls::{Clients, Judge};

/// How often files are looked at, and keys that the control plane publishes.
const LOOK: Duration = Duration::from_secs(5);
const REFRESH: Duration = Duration::from_mins(5);

/// A key that is not known is asked for at most this often.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// A worker without a certificate of the fleet.
pub(crate) struct Deployed {
    watch: Mutex<Watch>,
    /// What TLS is served with; nothing where calls come in plain.
    files: Option<Arc<Files>>,
    tokens: Arc<TokenSource>,
    ring: Ring,
    plane: Plane,
    /// Is over once something else is believed: connections begin anew then.
    era: ArcSwap<CancellationToken>,
    /// When keys were asked for the last time.
    asked: tokio::sync::Mutex<Option<Duration>>,
}

/// Why something new is not put in force.
#[derive(Debug, thiserror::Error)]
enum ReloadFault {
    #[error(transparent)]
    Config(#[from] ReloadError),
    #[error(transparent)]
    Files(#[from] WorkerError),
    #[error(transparent)]
    Ring(#[from] RingError),
}

impl Deployed {
    pub(crate) fn new(
        settings: Settings,
        worker_id: WorkerId,
        clock: &Clock,
        control_plane: Url,
    ) -> Result<Self, WorkerError> {
        let watch = settings.0;
        let loaded = watch.loaded();
        let rpc_tls = &loaded.config.rpc_tls;
        let files = (!rpc_tls.is_off()).then(|| Files::read(rpc_tls, clock)).transpose()?;
        let source = Source::of(loaded);
        let tokens = TokenSource::new(worker_id, clock.clone(), control_plane, source)?;
        let tokens = Arc::new(tokens);
        Ok(Self {
            ring: Ring::new(loaded)?,
            files: files.map(Arc::new),
            plane: Plane::of_tokens(&tokens)?,
            tokens,
            watch: Mutex::new(watch),
            era: ArcSwap::default(),
            asked: tokio::sync::Mutex::default(),
        })
    }

    pub(crate) fn clock(&self) -> &Clock {
        self.tokens.clock()
    }

    pub(crate) fn control_plane(&self) -> &Url {
        self.tokens.control_plane()
    }

    pub(crate) fn worker_id(&self) -> &WorkerId {
        self.tokens.worker_id()
    }

    /// Whether calls come in plain.
    pub(crate) fn is_plain(&self) -> bool {
        self.files.is_none()
    }

    /// Lasts as long as what is believed now.
    pub(crate) fn era(&self) -> CancellationToken {
        self.era.load().child_token()
    }

    pub(crate) fn files(&self) -> Option<&Arc<Files>> {
        self.files.as_ref()
    }

    /// The control plane, over connections of its own.
    pub(crate) fn plane(&self) -> Result<Plane, WorkerError> {
        Plane::of_tokens(&self.tokens)
    }

    /// A gate that takes tokens of whoever calls.
    pub(crate) fn gate(&self) -> Gate {
        self.ring.gate(self.clock().clone())
    }

    /// The keys that tokens verify with.
    pub(crate) fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Keeps up with the files, until it is dropped.
    pub(crate) async fn watch(self: Arc<Self>) -> Infallible {
        loop {
            self.clock().sleep(LOOK).await;
            if !self.watch.lock().changed() {
                continue;
            }
            let reloaded = self.reload().await;
            let result = if reloaded.is_ok() { "ok" } else { "error" };
            metrics::counter!("carnet_config_reload_total", "result" => result).increment(1);
            match reloaded {
                Ok(()) => tracing::info!("files have changed: what is new in them is in force"),
                Err(error) => {
                    tracing::error!(
                        error = chain(&error),
                        "files have changed and cannot be used; what was is in force"
                    );
                }
            }
        }
    }

    async fn reload(&self) -> Result<(), ReloadFault> {
        let source = {
            let mut watch = self.watch.lock();
            let reload = watch.reload()?;
            let loaded = &reload.loaded;
            let material = match &self.files {
                Some(_) => Some(files::Material::read(&loaded.config.rpc_tls)?),
                None => None,
            };
            self.ring.swap(loaded)?;
            // From here on nothing fails.
            if let (Some(files), Some(material)) = (&self.files, material) {
                files.exchange(material);
            }
            let source = Source::of(loaded);
            watch.accept(reload);
            source
        };
        self.tokens.swap(source).await;
        self.era.swap(Arc::default()).cancel();
        Ok(())
    }

    /// Keeps up with the keys that the control plane publishes, until it is dropped.
    pub(crate) async fn follow_keys(self: Arc<Self>) -> Infallible {
        loop {
            self.ask_for_keys().await;
            self.clock().sleep(REFRESH).await;
        }
    }

    /// Asks for the keys again, unless that was done a moment ago, or a file has them. Who comes while somebody else
    /// asks waits for that.
    pub(crate) async fn ask_for_keys(&self) {
        if self.ring.has_file() {
            return;
        }
        let (mut asked, now) = (self.asked.lock().await, self.clock().uptime());
        if asked.is_some_and(|asked| now.saturating_sub(asked) < ASK_AGAIN) {
            return;
        }
        *asked = Some(now);
        let keys = match published(&self.plane).await {
            Ok(text) => jwks::read(&text).map_err(|error| chain(&error)),
            Err(error) => Err(chain(&error)),
        };
        match keys {
            Ok(keys) => self.ring.publish(keys),
            Err(error) => tracing::warn!(error, "the keys of the control plane are not known"),
        }
    }
}

/// Nothing more is asked of a certificate that a CA of the deployment signed.
pub(crate) fn any() -> Judge {
    Arc::new(|_| Ok(()))
}

impl Files {
    /// Asks for certificates of the CAs that are trusted at this moment.
    pub(crate) fn clients(self: &Arc<Self>, is_required: bool) -> Clients {
        let files = Arc::clone(self);
        Clients::new(Arc::new(move || files.trusted()), any(), is_required)
    }
}
