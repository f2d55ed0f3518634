//! [`RunningWorker`]: a worker that serves.

use std::sync::Arc;

use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::hooks::{self, ShutdownHook};
use super::serve::DRAIN_MAX;
use crate::health::{Health, Registration, Status};
use crate::identity::WorkerIdentity;
use crate::listener::Ending;
use crate::registry::Registry;
use crate::task::Tasks;
use crate::tls::Live;

/// Where a worker is reached.
#[derive(Clone)]
pub(super) struct Urls {
    pub(super) https: String,
    pub(super) rpc: Option<String>,
}

/// A worker that serves, until it is shut down or dropped.
pub struct RunningWorker {
    /// The certificate of a member of the fleet.
    live: Option<Arc<Live>>,
    health: Arc<Health>,
    urls: Urls,
    ending: Ending,
    tasks: Arc<Tasks>,
    asked_to_end: CancellationToken,
    /// The registry, and the task that reports to it.
    pub(super) registry: Option<(Arc<Registry>, AbortHandle)>,
    shutdown: Vec<ShutdownHook>,
    background: JoinSet<()>,
}

impl RunningWorker {
    pub(super) fn new(
        live: Option<&Arc<Live>>,
        health: &Arc<Health>,
        urls: Urls,
        ending: Ending,
        tasks: &Arc<Tasks>,
        asked_to_end: CancellationToken,
    ) -> Self {
        Self {
            live: live.cloned(),
            health: Arc::clone(health),
            urls,
            ending,
            tasks: Arc::clone(tasks),
            asked_to_end,
            registry: None,
            shutdown: Vec::new(),
            background: JoinSet::new(),
        }
    }

    pub(super) fn with(mut self, shutdown: Vec<ShutdownHook>, background: JoinSet<()>) -> Self {
        self.shutdown = shutdown;
        self.background = background;
        self
    }

    /// Where it is reached: `https://<advertised host>:<port>`.
    pub fn https_url(&self) -> &str {
        &self.urls.https
    }

    /// Where the control plane asks it for tasks, if it does any: `https://<advertised host>:<port>/rpc`.
    pub fn rpc_url(&self) -> Option<&str> {
        self.urls.rpc.as_deref()
    }

    /// Waits until the registry has taken a heartbeat.
    pub async fn reported(&self) {
        self.health.reported().await;
    }

    /// How many tasks it works on.
    pub fn active(&self) -> usize {
        self.tasks.active()
    }

    /// Waits until the control plane asks it to end: then whoever runs it calls [`Self::shutdown`].
    pub async fn asked_to_end(&self) {
        self.asked_to_end.cancelled().await;
    }

    /// How it is.
    pub fn health(&self) -> Status {
        self.health.status()
    }

    /// Whether the registry knows it.
    pub fn registration(&self) -> Registration {
        self.health.registration()
    }

    /// Its certificate of the fleet, to speak to others with; a worker with certificates of somebody else's has none.
    pub fn identity(&self) -> Option<WorkerIdentity> {
        self.live.as_ref().map(WorkerIdentity::of)
    }

    /// Ends it: tells the registry, finishes requests and tasks that are under way, gives up what takes too long, deregisters, runs the shutdown hooks, the last first.
    pub async fn shutdown(mut self) {
        let clock = self.health.gate().clock().clone();
        self.health.stopping();
        self.tasks.refuse();
        let told = async {
            if let Some((registry, reports)) = &self.registry {
                // Otherwise it would register again.
                reports.abort();
                registry.drain().await;
            }
        };
        tokio::join!(told, self.ending.drain(&clock, DRAIN_MAX), self.tasks.drain(DRAIN_MAX));
        if let Some((registry, _)) = &self.registry {
            registry.deregister().await;
        }
        hooks::end(std::mem::take(&mut self.shutdown), &clock).await;
        self.ending.stop();
        self.background.shutdown().await;
        tracing::info!("ended");
    }
}

impl Drop for RunningWorker {
    fn drop(&mut self) {
        self.ending.stop();
        self.tasks.stop();
    }
}
