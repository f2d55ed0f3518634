//! Starting a worker.

use std::sync::Arc;
use std::time::Duration;

use carnet_gate::{Freshness, Gate, Receiver};
use tokio::task::JoinSet;

use super::access::Access;
use super::core::Core;
use super::plan::Plan;
use super::router::router;
use super::running::RunningWorker;
use super::this_worker::ThisWorker;
use super::{ClientAuth, WorkerApplication, hooks};
use crate::bootstrap::{Bootstrapped, bootstrap};
use crate::bundle::{Bundles, Sequence};
use crate::error::WorkerError;
use crate::health::Health;
use crate::listener::{self, Ending, Listener, Service};
use crate::metrics;
use crate::registry::{Registration, Registry, Rhythm};
use crate::renew::Renewal;
use crate::revocations::Follower;
use crate::surroundings::Surroundings;
use crate::tls::{self, Clients, Live};

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
        let registry = plan.platform_url.clone();
        let registry = registry.or_else(|| live.current().stored.record.control_plane_url.clone());
        let gate = gate(&live, registry.is_some());
        let health = Arc::new(Health::new(Arc::clone(&live), gate.clone(), worker_id));
        let https_url = format!("https://{}:{}", plan.host(&live), listener.address().port());
        if self.client_auth == ClientAuth::Open {
            tracing::warn!("callers without a certificate are served: client_auth is Open");
        }

        let core = Core { health: Arc::clone(&health), capabilities: plan.capabilities.clone() };
        let access = Access::new(self.client_auth, &self.allow_peers, Arc::clone(&health));
        let this = ThisWorker { id: health.worker_id().clone(), clock: live.clock().clone() };
        let router = router(self.router, core, access, this);
        let service = service(&live, gate.clone(), router, self.client_auth)?;
        let (ending, mut tasks) = (Ending::default(), JoinSet::new());
        let mut running = RunningWorker::new(&live, &health, https_url.clone(), ending.clone());
        tasks.spawn(listener.serve(service, ending));
        hooks::start(self.startup).await?;
        health.started();
        tracing::info!(url = https_url, worker_id = %health.worker_id(), "serving");

        let known = Sequence::default();
        tasks.spawn(Renewal { live: Arc::clone(&live), ca_url: ca_url.clone() }.run());
        tasks.spawn(Bundles::new(Arc::clone(&live), ca_url, known.clone()).run());
        if let Some(url) = registry {
            let mut follower = Follower::new(&live, &url, Receiver::new(gate, None))?;
            tasks.spawn(async move {
                follower.run().await;
            });
            let registration = Registration {
                endpoint: https_url,
                capabilities: plan.capabilities,
                capability_schemas: plan.capability_schemas,
                labels: self.labels,
                capacity: plan.capacity,
                instance: instance(),
                load: self.load.unwrap_or_else(|| Arc::new(|| 0.0)),
            };
            let rhythm = Rhythm { interval: plan.heartbeat, retry: plan.retry };
            let registry =
                Registry::new(&live, url, (Arc::clone(&health), known), registration, rhythm)?;
            let registry = Arc::new(registry);
            let reporting = Arc::clone(&registry);
            let reports = tasks.spawn(async move { reporting.run().await });
            running.registry = Some((registry, reports));
        }
        Ok(running.with(self.shutdown, tasks))
    }
}

impl Plan {
    /// The host under which others reach the worker: the one that was given, or one that its certificate names.
    fn host(&self, live: &Live) -> String {
        let named = || live.current().stored.record.name.to_string();
        let default = || if self.is_container { named() } else { "localhost".to_owned() };
        self.advertise_host.clone().unwrap_or_else(default)
    }
}

/// Judges who calls. Where there is a control plane, revocations come from there.
fn gate(live: &Live, has_control_plane: bool) -> Gate {
    let trust_domain = live.current().stored.leaf.identity.trust_domain().clone();
    let freshness = if has_control_plane {
        Freshness::Remote { max_staleness: STALENESS_MAX }
    } else {
        Freshness::Local
    };
    listener::gate(live.clock().clone(), trust_domain, freshness)
}

fn service(
    live: &Arc<Live>,
    gate: Gate,
    router: axum::Router,
    policy: ClientAuth,
) -> Result<Service, WorkerError> {
    let trust_domain = live.current().stored.leaf.identity.trust_domain().clone();
    let judge = listener::judge(gate.clone());
    let clients = Clients::new(Arc::clone(live), judge, policy == ClientAuth::Required);
    let tls = Arc::new(tls::server(live, clients)?);
    Ok(Service { tls, router, gate, trust_domain })
}

/// Tells this process from the one before it.
fn instance() -> String {
    let mut bytes = [0; 8];
    // Without randomness it is the same each time, and leases of a process before are not told from its own.
    let _ = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}

/// After how long without news of revocations only callers are let in whose certificate ends soon.
const STALENESS_MAX: Duration = Duration::from_mins(15);

/// How long requests that are under way may take once a worker ends.
pub(super) const DRAIN_MAX: Duration = Duration::from_secs(10);
