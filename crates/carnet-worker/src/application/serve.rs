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
use super::this_worker::ThisWorker;
use super::{ClientAuth, WorkerApplication, hooks};
use crate::bootstrap::{Bootstrapped, bootstrap};
use crate::bundle::{Bundles, Sequence};
use crate::error::WorkerError;
use crate::health::Health;
use crate::listener::{self, Ending, Listener, Service};
use crate::metrics;
use crate::registry::Registry;
use crate::renew::Renewal;
use crate::revocations::{FeedKeys, Follower};
use crate::rpc;
use crate::surroundings::Surroundings;

impl WorkerApplication {
    /// Starts inside a runtime: brings the certificate, listens, runs the startup hooks, then registers, reports and
    /// renews in the background. Listening comes first, so that `/health` says `starting` while hooks run.
    pub async fn serve(self) -> Result<RunningWorker, WorkerError> {
        let surroundings = self.surroundings.clone().unwrap_or_else(Surroundings::of_process);
        let plan = Plan::of(&self, &surroundings)?;
        metrics::install();
        let Bootstrapped { live, ca_url } = bootstrap(&surroundings, &plan.wanted).await?;
        let listener = Listener::bind(plan.address).await?;
        let worker_id = plan.wanted.worker_id.clone();
        let worker_id = worker_id.unwrap_or_else(|| live.current().stored.record.worker_id.clone());
        let control_plane = plan.control_plane(&live);
        let gate = listener::gate(&live, control_plane.is_some());
        live.hears_by(&gate);
        let health = Arc::new(Health::new(Arc::clone(&live), gate.clone(), worker_id));
        let https_url = format!("https://{}:{}", plan.host(&live), listener.address().port());
        if self.client_auth == ClientAuth::Open {
            tracing::warn!("callers without a certificate are served: client_auth is Open");
        }

        let asked_to_end = CancellationToken::new();
        let plane = control_plane.clone();
        let calls = Calls::new(&plan, &live, &health, plane, &asked_to_end).await?;
        let Calls { tasks, url: rpc_url, beside, apart } = calls;
        let rpc_url =
            rpc_url.or_else(|| beside.as_ref().map(|_| format!("{https_url}{}", rpc::PATH)));
        let core = Core { health: Arc::clone(&health), capabilities: plan.capabilities.clone() };
        let access =
            Access::new(self.client_auth, &self.allow_peers, Arc::clone(&health), beside.is_some());
        let this = ThisWorker { id: health.worker_id().clone(), clock: live.clock().clone() };
        let router = router(self.router, core, beside, access, this);
        let is_required = self.client_auth == ClientAuth::Required;
        let service = Service::new(&live, gate.clone(), router, is_required)?;
        let (ending, mut background) = (Ending::default(), JoinSet::new());
        let urls = Urls { https: https_url.clone(), rpc: rpc_url.clone() };
        let mut running =
            RunningWorker::new(&live, &health, urls, ending.clone(), &tasks, asked_to_end);
        let feed_keys = FeedKeys::default();
        if let Some(url) = &control_plane {
            let receiver = Receiver::new(gate.clone(), None);
            let mut follower = Follower::new(&live, url, receiver, feed_keys.clone())?;
            background.spawn(async move {
                follower.run().await;
            });
        }
        if let Some((listener, router)) = apart {
            let service = Service::new(&live, gate.clone(), router, true)?;
            background.spawn(listener.serve(service, ending.clone()));
        }
        background.spawn(listener.serve(service, ending));
        let (withdrawn, unwanted) = (Arc::clone(&live), Arc::clone(&tasks));
        background.spawn(async move {
            loop {
                withdrawn.withdrawn().await;
                unwanted.destroy_all();
            }
        });
        hooks::start(self.startup).await?;
        health.started();
        tracing::info!(url = https_url, worker_id = %health.worker_id(), "serving");

        let known = Sequence::default();
        background.spawn(Renewal { live: Arc::clone(&live), ca_url: ca_url.clone() }.run());
        background.spawn(Bundles::new(Arc::clone(&live), ca_url, known.clone()).run());
        if let Some(url) = control_plane {
            let rhythm = plan.rhythm;
            let registration = plan.registration(https_url, rpc_url, tasks, feed_keys);
            let registry =
                Registry::new(&live, url, (Arc::clone(&health), known), registration, rhythm)?;
            let registry = Arc::new(registry);
            let reporting = Arc::clone(&registry);
            let reports = background.spawn(async move { reporting.run().await });
            running.registry = Some((registry, reports));
        }
        Ok(running.with(self.shutdown, background))
    }
}

/// How long requests that are under way may take once a worker ends.
pub(super) const DRAIN_MAX: Duration = Duration::from_secs(10);
