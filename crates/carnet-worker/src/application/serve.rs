//! Starting a worker.

use std::sync::Arc;
use std::time::Duration;

use carnet_gate::Receiver;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::access::Access;
use super::calls::Calls;
use super::core::Core;
use super::plan::Plan;
use super::router::router;
use super::running::{RunningWorker, Urls};
use super::standing::Standing;
use super::this_worker::ThisWorker;
use super::{ClientAuth, WorkerApplication, hooks};
use crate::bundle::Sequence;
use crate::deployed::Settings;
use crate::error::WorkerError;
use crate::health::Health;
use crate::listener::{Ending, Listener};
use crate::metrics;
use crate::registry::Registry;
use crate::revocations::{FeedKeys, Follower};
use crate::rpc;
use crate::surroundings::Surroundings;

impl WorkerApplication {
    /// Starts inside a runtime: brings the certificate, listens, runs the startup hooks, then registers, reports and
    /// renews in the background. Listening comes first, so that `/health` says `starting` while hooks run.
    pub async fn serve(self) -> Result<RunningWorker, WorkerError> {
        let surroundings = self.surroundings.clone().unwrap_or_else(Surroundings::of_process);
        let settings = Settings::of(&surroundings)?;
        let plan = Plan::of(&self, &surroundings, settings.is_some())?;
        metrics::install();
        let standing = Standing::find(&plan, settings, &surroundings).await?;
        let listener = Listener::bind(standing.checked(plan.address)?).await?;
        let worker_id = plan.wanted.worker_id.clone();
        let worker_id = worker_id.unwrap_or_else(|| standing.worker_id());
        let control_plane = plan.control_plane(&standing);
        let gate = standing.gate(control_plane.is_some());
        let live = standing.live().cloned();
        let health = Arc::new(Health::new(live.clone(), gate.clone(), worker_id));
        let https_url = standing.url(&plan.host(&standing), listener.address().port());
        if self.client_auth == ClientAuth::Open {
            tracing::warn!("callers without a certificate are served: client_auth is Open");
        }

        let asked_to_end = CancellationToken::new();
        let calls = Calls::new(&plan, &standing, &health, &asked_to_end).await?;
        let Calls { tasks, url: rpc_url, beside, apart } = calls;
        let rpc_url =
            rpc_url.or_else(|| beside.as_ref().map(|_| format!("{https_url}{}", rpc::PATH)));
        let core = Core { health: Arc::clone(&health), capabilities: plan.capabilities.clone() };
        let access =
            Access::new(self.client_auth, &self.allow_peers, Arc::clone(&health), beside.is_some());
        let this = ThisWorker { id: health.worker_id().clone(), clock: standing.clock().clone() };
        let router = router(self.router, core, beside, access, this);
        let is_required = self.client_auth == ClientAuth::Required;
        let service = standing.service(&gate, router, is_required)?;
        let (ending, mut background) = (Ending::default(), JoinSet::new());
        let urls = Urls { https: https_url.clone(), rpc: rpc_url };
        let mut running = RunningWorker::new(
            live.as_ref(),
            &health,
            urls.clone(),
            ending.clone(),
            &tasks,
            asked_to_end,
        );
        let feed_keys = FeedKeys::default();
        if let Some(url) = &control_plane {
            let (plane, receiver) =
                (standing.plane(url.clone())?, Receiver::new(gate.clone(), None));
            let mut follower = Follower::new(plane, live.clone(), receiver, feed_keys.clone());
            background.spawn(async move {
                follower.run().await;
            });
        }
        if let Some((listener, router)) = apart {
            let service = standing.service(&gate, router, true)?;
            background.spawn(listener.serve(service, ending.clone()));
        }
        background.spawn(listener.serve(service, ending));
        if let Some(live) = live {
            let unwanted = Arc::clone(&tasks);
            background.spawn(async move {
                loop {
                    live.withdrawn().await;
                    unwanted.destroy_all();
                }
            });
        }
        hooks::start(self.startup).await?;
        health.started();
        tracing::info!(url = https_url, worker_id = %health.worker_id(), "serving");

        let known = Sequence::default();
        standing.keep(&known, &mut background);
        if let Some(url) = control_plane {
            let (plane, form, rhythm) = (standing.plane(url)?, standing.form(), plan.rhythm);
            let registration = plan.registration(&standing, urls, tasks, feed_keys);
            let known = (Arc::clone(&health), known);
            let registry = Arc::new(Registry::new(plane, form, known, registration, rhythm));
            let reporting = Arc::clone(&registry);
            let reports = background.spawn(async move { reporting.run().await });
            running.registry = Some((registry, reports));
        }
        Ok(running.with(self.shutdown, background))
    }
}

/// How long requests that are under way may take once a worker ends.
pub(super) const DRAIN_MAX: Duration = Duration::from_secs(10);
