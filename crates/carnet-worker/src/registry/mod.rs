//! The registry of the control plane: who we are, and that we live (worker runtime spec, section 9: the platform form,
//! and for workers that come by a token the form of StacyVM).

mod heartbeat;
mod register;
mod sandbox;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use carnet_ticket::identity::WorkerId;
use http::{HeaderMap, Method, StatusCode};
use reqwest::{RequestBuilder, Url};
use serde::de::DeserializeOwned;

pub use heartbeat::{NotFinite, heartbeat_form};
pub(crate) use register::{Registration, instance};

use crate::bundle::Sequence;
use crate::error::chain;
use crate::fetch::{self, Answer, FetchError};
use crate::health::{Health, Registration as Known};
use crate::pause::{Doubling, part_of, random, within};
use crate::plane::Plane;

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
    plane: Plane,
    form: Form,
    health: Arc<Health>,
    bundle: Sequence,
    registration: Registration,
    interval: Duration,
    /// How often the control plane wants to hear of it, in seconds; 0 as long as it has not said.
    asked_s: AtomicU64,
    retry: Duration,
}

/// In which form a worker says what it has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As members of the fleet do.
    Platform,
    /// As workers of StacyVM do, with a token: whoever says that it is there is registered by it.
    Worker,
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
    /// The registry of a control plane.
    pub(crate) fn new(
        plane: Plane,
        form: Form,
        (health, bundle): (Arc<Health>, Sequence),
        registration: Registration,
        Rhythm { interval, retry }: Rhythm,
    ) -> Self {
        health.set_registration(Known::Retrying);
        let asked_s = AtomicU64::default();
        Self { plane, form, health, bundle, registration, interval, asked_s, retry }
    }

    /// Registers, and reports from then on, until it is dropped.
    pub(crate) async fn run(&self) {
        let clock = self.plane.clock();
        let mut next = clock.now().after(FIRST);
        self.register_at_last().await;
        loop {
            clock.sleep_until(next).await;
            let begun = clock.now();
            let pause = match self.beat().await {
                Ok(true) => {
                    self.health.set_registration(Known::Ok);
                    self.health.has_reported();
                    let interval = self.interval();
                    interval * 9 / 10 + part_of(interval / 5, random())
                }
                Ok(false) => {
                    self.health.set_registration(Known::Retrying);
                    self.register_at_last().await;
                    self.interval()
                }
                Err(error) => {
                    self.health.set_registration(Known::Retrying);
                    tracing::warn!(error = chain(&error), "a heartbeat failed");
                    self.retry
                }
            };
            next = begun.after(pause);
        }
    }

    /// How often it reports: as often as it was told to, and oftener where the control plane asks for that.
    fn interval(&self) -> Duration {
        match self.asked_s.load(Ordering::Relaxed) {
            0 => self.interval,
            asked_s => self.interval.min(Duration::from_secs(asked_s)),
        }
    }

    /// The control plane has answered a report.
    fn answered(&self, headers: &HeaderMap) {
        if let Some(asked_s) = number(headers, "carnet-heartbeat-interval") {
            self.asked_s.store(asked_s, Ordering::Relaxed);
        }
    }

    /// Says that the worker ends, before it does.
    pub(crate) async fn drain(&self) {
        if let Some(Err(error)) = within(self.plane.clock(), FAREWELL_MAX, self.beat()).await {
            tracing::debug!(%error, "the registry was not told of the end");
        }
    }

    /// Takes the worker out, if that can be done in time.
    pub(crate) async fn deregister(&self) {
        if self.form == Form::Worker {
            // Who says nothing more is lost by and by.
            return;
        }
        let mut url = self.plane.at(&format!("v1/workers/{}", self.worker_id()));
        url.query_pairs_mut().append_pair("instance", self.registration.tasks.instance());
        let asked = self.ask(Method::DELETE, url, |request| request);
        match within(self.plane.clock(), FAREWELL_MAX, asked).await {
            Some(Ok(_)) => tracing::info!("deregistered"),
            Some(Err(error)) => tracing::warn!(error = chain(&error), "not deregistered"),
            None => tracing::warn!("not deregistered: the registry takes too long"),
        }
    }

    async fn register_at_last(&self) {
        let first = match self.form {
            Form::Platform => RETRY,
            Form::Worker => RETRY / 2,
        };
        let mut pauses = Doubling::new(first, RETRY_MAX);
        loop {
            let begun = self.plane.clock().now();
            match self.register().await {
                Ok(()) => {
                    self.health.set_registration(Known::Ok);
                    tracing::info!(worker_id = %self.worker_id(), "registered");
                    return;
                }
                Err(error) => tracing::warn!(error = chain(&error), "not registered"),
            }
            let mut pause = pauses.next();
            if self.form == Form::Worker {
                pause -= part_of(pause / 5, random());
            }
            self.plane.clock().sleep_until(begun.after(pause)).await;
        }
    }

    fn worker_id(&self) -> &WorkerId {
        self.health.worker_id()
    }

    /// The good answer to a request.
    async fn ask(
        &self,
        method: Method,
        url: Url,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, RegistryError> {
        let request = with(self.plane.request(method, url).await?);
        let answer = fetch::answer(self.plane.clock(), request, ANSWER_MAX, LEN_MAX).await?;
        match answer.status {
            StatusCode::OK => Ok(answer),
            status => Err(RegistryError::Status(status)),
        }
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RegistryError> {
    serde_json::from_slice(bytes).map_err(|_| RegistryError::Answer)
}
