//! [`RunningWorker`]: a worker that serves.

use std::sync::Arc;

use tokio::task::{AbortHandle, JoinSet};

use super::hooks::{self, ShutdownHook};
use super::serve::DRAIN_MAX;
use crate::health::{Health, Registration, Status};
use crate::identity::WorkerIdentity;
use crate::listener::Ending;
use crate::registry::Registry;
use crate::tls::Live;

/// A worker that serves, until it is shut down or dropped.
pub struct RunningWorker {
    live: Arc<Live>,
    health: Arc<Health>,
    https_url: String,
    ending: Ending,
    /// The registry, and the task that reports to it.
    pub(super) registry: Option<(Arc<Registry>, AbortHandle)>,
    shutdown: Vec<ShutdownHook>,
    tasks: JoinSet<()>,
}

impl RunningWorker {
    pub(super) fn new(
        live: &Arc<Live>,
        health: &Arc<Health>,
        https_url: String,
        ending: Ending,
    ) -> Self {
        Self {
            live: Arc::clone(live),
            health: Arc::clone(health),
            https_url,
            ending,
            registry: None,
            shutdown: Vec::new(),
            tasks: JoinSet::new(),
        }
    }

    pub(super) fn with(mut self, shutdown: Vec<ShutdownHook>, tasks: JoinSet<()>) -> Self {
        self.shutdown = shutdown;
        self.tasks = tasks;
        self
    }

    /// Where it is reached: `https://<advertised host>:<port>`.
    pub fn https_url(&self) -> &str {
        &self.https_url
    }

    /// How it is.
    pub fn health(&self) -> Status {
        self.health.status()
    }

    /// Whether the registry knows it.
    pub fn registration(&self) -> Registration {
        self.health.registration()
    }

    /// Its certificate, to speak to others with.
    pub fn identity(&self) -> WorkerIdentity {
        WorkerIdentity::of(&self.live)
    }

    /// Ends it: tells the registry, finishes what is under way, deregisters, runs the shutdown hooks, the last first.
    pub async fn shutdown(mut self) {
        let clock = self.live.clock().clone();
        self.health.stopping();
        let told = async {
            if let Some((registry, reports)) = &self.registry {
                // Otherwise it would register again.
                reports.abort();
                registry.drain().await;
            }
        };
        tokio::join!(told, self.ending.drain(&clock, DRAIN_MAX));
        if let Some((registry, _)) = &self.registry {
            registry.deregister().await;
        }
        hooks::end(std::mem::take(&mut self.shutdown), &clock).await;
        self.ending.stop();
        self.tasks.shutdown().await;
        tracing::info!("ended");
    }
}

impl Drop for RunningWorker {
    fn drop(&mut self) {
        self.ending.stop();
    }
}
