//! The registry of the control plane: who we are, and that we live (worker runtime spec, section 9, platform form).

mod heartbeat;
mod register;

use std::sync::Arc;
use std::time::Duration;

use carnet_gate::Clock;
use carnet_ticket::identity::WorkerId;
use http::StatusCode;
use reqwest::{RequestBuilder, Url};
use serde::de::DeserializeOwned;

pub use heartbeat::{NotFinite, heartbeat_form};
pub(crate) use register::{Registration, instance};

use crate::bundle::Sequence;
use crate::error::WorkerError;
use crate::fetch::{self, Answer, FetchError, at};
use crate::health::{Health, Registration as Known};
use crate::pause::{Doubling, part_of, random, within};
use crate::tls::{self, Live, Servers};

/// How long an answer may take, and at the end of a worker.
const ANSWER_MAX: Duration = Duration::from_secs(30);
const FAREWELL_MAX: Duration = Duration::from_secs(5);

/// The longest answer that is read.
const LEN_MAX: usize = 64 << 10;

/// The first report comes this long after the start.
const FIRST: Duration = Duration::from_secs(5);

/// Registering is tried again after 2, 4, 8, 16, 30, 30 seconds.
const RETRY: Duration = Duration::from_secs(2);
const RETRY_MAX: Duration = Duration::from_secs(30);

/// Keeps a worker known. It never stops a worker: a registry that fails is asked again for ever.
pub(crate) struct Registry {
    http: reqwest::Client,
    url: Url,
    clock: Clock,
    health: Arc<Health>,
    bundle: Sequence,
    registration: Registration,
    interval: Duration,
    retry: Duration,
}

/// How often a registry is told what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rhythm {
    pub(crate) interval: Duration,
    pub(crate) retry: Duration,
}

/// Why a registry gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistryError {
    #[error("the registry gives no answer")]
    Fetch(#[from] FetchError),
    #[error("the registry answers {0}")]
    Status(StatusCode),
    #[error("the registry's answer is not what was asked for")]
    Answer,
}

impl Registry {
    /// The registry at `url`.
    pub(crate) fn new(
        live: &Arc<Live>,
        url: Url,
        (health, bundle): (Arc<Health>, Sequence),
        registration: Registration,
        Rhythm { interval, retry }: Rhythm,
    ) -> Result<Self, WorkerError> {
        let config = tls::client(live, Servers::control_plane(Arc::clone(live)))?;
        let clock = live.clock().clone();
        health.set_registration(Known::Retrying);
        Ok(Self {
            http: fetch::client(config)?,
            url,
            clock,
            health,
            bundle,
            registration,
            interval,
            retry,
        })
    }

    /// Registers, and reports from then on, until it is dropped.
    pub(crate) async fn run(&self) {
        let mut next = self.clock.now().after(FIRST);
        self.register_at_last().await;
        loop {
            self.clock.sleep_until(next).await;
            let begun = self.clock.now();
            let pause = match self.beat().await {
                Ok(true) => {
                    self.health.set_registration(Known::Ok);
                    self.health.has_reported();
                    let around = part_of(self.interval / 5, random());
                    self.interval * 9 / 10 + around
                }
                Ok(false) => {
                    self.health.set_registration(Known::Retrying);
                    self.register_at_last().await;
                    self.interval
                }
                Err(error) => {
                    self.health.set_registration(Known::Retrying);
                    tracing::warn!(%error, "a heartbeat failed");
                    self.retry
                }
            };
            next = begun.after(pause);
        }
    }

    /// Says that the worker ends, before it does.
    pub(crate) async fn drain(&self) {
        if let Some(Err(error)) = within(&self.clock, FAREWELL_MAX, self.beat()).await {
            tracing::debug!(%error, "the registry was not told of the end");
        }
    }

    /// Takes the worker out, if that can be done in time.
    pub(crate) async fn deregister(&self) {
        let path = format!("v1/workers/{}", self.worker_id());
        let mut url = at(&self.url, &path);
        url.query_pairs_mut().append_pair("instance", self.registration.tasks.instance());
        let asked = self.send(self.http.delete(url));
        match within(&self.clock, FAREWELL_MAX, asked).await {
            Some(Ok(_)) => tracing::info!("deregistered"),
            Some(Err(error)) => tracing::warn!(%error, "not deregistered"),
            None => tracing::warn!("not deregistered: the registry takes too long"),
        }
    }

    async fn register_at_last(&self) {
        let mut pauses = Doubling::new(RETRY, RETRY_MAX);
        loop {
            let begun = self.clock.now();
            match self.register().await {
                Ok(()) => {
                    self.health.set_registration(Known::Ok);
                    tracing::info!(worker_id = %self.worker_id(), "registered");
                    return;
                }
                Err(error) => tracing::warn!(%error, "not registered"),
            }
            self.clock.sleep_until(begun.after(pauses.next())).await;
        }
    }

    fn worker_id(&self) -> &WorkerId {
        self.health.worker_id()
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, RegistryError> {
        let answer = fetch::answer(&self.clock, request, ANSWER_MAX, LEN_MAX).await?;
        match answer.status {
            StatusCode::OK => Ok(answer),
            status => Err(RegistryError::Status(status)),
        }
    }
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RegistryError> {
    serde_json::from_slice(bytes).map_err(|_| RegistryError::Answer)
}
