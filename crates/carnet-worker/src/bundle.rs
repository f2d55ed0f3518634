//! The CA certificates that are trusted, kept as the CA wants them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Url;
use tokio::sync::Notify;

use crate::bootstrap::lock;
use crate::ca::{Bundle, Ca, CaError};
use crate::error::WorkerError;
use crate::files;
use crate::pause::{part_of, random};
use crate::tls::Live;

/// How often it is asked for when the CA does not say.
const REFRESH: Duration = Duration::from_mins(5);

/// The shortest and the longest time between two questions.
const REFRESH_MIN_S: u64 = 10;
const REFRESH_MAX_S: u64 = 86_400;

/// Keeps `ca.crt` up to date.
pub(crate) struct Bundles {
    live: Arc<Live>,
    ca_url: Option<Url>,
    known: Sequence,
}

/// The sequence of the bundle that is trusted: 0 until it is known. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Sequence(Arc<(AtomicU64, Notify)>);

impl Sequence {
    /// Which it is.
    pub(crate) fn known(&self) -> u64 {
        self.0.0.load(Ordering::Relaxed)
    }

    /// The control plane has told its own: another than ours is fetched at once.
    pub(crate) fn heard(&self, sequence: u64) {
        if sequence != self.known() {
            self.0.1.notify_one();
        }
    }
}

impl Bundles {
    pub(crate) fn new(live: Arc<Live>, ca_url: Option<Url>, known: Sequence) -> Self {
        Self { live, ca_url, known }
    }

    /// Asks again and again, until it is dropped. A CA that does not answer is asked the next time.
    pub(crate) async fn run(self) {
        let clock = self.live.clock();
        loop {
            let begun = clock.now();
            let pause = match self.refresh().await {
                Ok(bundle) => {
                    let hint = bundle.refresh_hint_seconds;
                    Duration::from_secs(hint.clamp(REFRESH_MIN_S, REFRESH_MAX_S))
                }
                Err(error) => {
                    tracing::debug!(target: "carnet::cert", %error, "the CA bundle was not refreshed");
                    REFRESH
                }
            };
            let next = begun.after(pause + part_of(pause / 10, random()));
            tokio::select! {
                () = clock.sleep_until(next) => {}
                () = self.known.0.1.notified() => {}
            }
        }
    }

    async fn refresh(&self) -> Result<Bundle, WorkerError> {
        let live = &self.live;
        let record = live.current().stored.record.clone();
        let url = self.ca_url.as_ref().unwrap_or(&record.ca_url);
        let unavailable =
            |source| WorkerError::CaUnavailable { url: Box::new(url.clone()), source };
        let bundle = Ca::of(live, url)?.bundle().await.map_err(unavailable)?;
        let _lock = lock(live.dir(), live.clock()).await?;
        let current = live.current();
        let trusting = current.stored.trusting(bundle.pem().as_bytes());
        let stored = trusting.ok_or_else(|| unavailable(CaError::Answer))?;
        if stored.ca != current.stored.ca {
            files::replace_ca(live.dir(), bundle.pem().as_bytes())
                .map_err(WorkerError::io(live.dir()))?;
            live.exchange(stored, random())?;
        }
        self.known.0.0.store(bundle.sequence, Ordering::Relaxed);
        Ok(bundle)
    }
}
