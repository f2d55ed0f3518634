//! [`Plan`]: what the builder and the environment say together, checked.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use carnet_ticket::identity::{CapabilityId, WorkerId, WorkerName};
use reqwest::Url;
use serde_json::Value;

use super::running::Urls;
use super::standing::Standing;
use super::{Load, WorkerApplication};
use crate::bootstrap::Wanted;
use crate::capability::{CapabilityDefinition, CapabilityError};
use crate::error::WorkerError;
use crate::registry::{Registration, Rhythm};
use crate::revocations::FeedKeys;
use crate::surroundings::Surroundings;
use crate::task::{Offer, Offers, Tasks};

/// Names the control plane.
const PLATFORM_URL: &str = "PLATFORM_URL";

/// Where a worker listens when nobody says.
const HTTPS_PORT: u16 = 8500;

/// How often it reports, and how soon again when that failed.
const HEARTBEAT_S: u64 = 30;
const RETRY_S: u64 = 5;

/// The longest of both.
const INTERVAL_S_MAX: u64 = 3600;

/// What is settled before anything is done. The builder beats the environment.
pub(super) struct Plan {
    pub(super) wanted: Wanted,
    pub(super) address: SocketAddr,
    pub(super) rpc_address: Option<SocketAddr>,
    pub(super) capabilities: Vec<CapabilityId>,
    pub(super) rhythm: Rhythm,
    pub(super) offers: Offers,
    pub(super) capacity: usize,
    advertise_host: Option<String>,
    is_container: bool,
    capability_schemas: Vec<Value>,
    platform_url: Option<Url>,
    labels: BTreeMap<String, String>,
    load: Option<Load>,
}

impl Plan {
    /// What `worker` is to do in `surroundings`. In plain it asks a control plane on this machine alone, and where that is
    /// allowed.
    pub(super) fn of(
        worker: &WorkerApplication,
        surroundings: &Surroundings,
        is_plain_allowed: bool,
    ) -> Result<Self, WorkerError> {
        surroundings.require_https()?;
        let service_name: WorkerName = worker.service_name.parse()?;
        let worker_id = worker.worker_id.as_deref().map(str::parse::<WorkerId>).transpose()?;
        let is_container = surroundings.is_container();
        let port =
            worker.https_port.map_or_else(|| surroundings.port("HTTPS_PORT", HTTPS_PORT), Ok)?;
        let advertised = worker.advertise_host.as_deref();
        let ids = worker.capabilities.iter().map(|capability| capability.check().cloned());
        let ids: Vec<_> = ids.collect::<Result<_, _>>()?;
        if (1..ids.len()).any(|at| ids[..at].contains(&ids[at])) {
            return Err(CapabilityError::DuplicateCapability.into());
        }
        let mut offers = Offers::default();
        for (capability, handler) in &worker.handlers {
            let max_concurrency = capability.concurrency();
            let offer = Offer { handler: Arc::clone(handler), max_concurrency };
            offers.add(capability.check()?.clone(), offer);
        }
        let schemas = worker.capabilities.iter().map(CapabilityDefinition::schema);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            wanted: Wanted { service_name, worker_id },
            address: SocketAddr::new(host(worker, surroundings)?, port),
            rpc_address: worker.rpc_listen,
            advertise_host: advertised
                .or_else(|| surroundings.var("CARNET_ADVERTISE_HOST"))
                .map(str::to_owned),
            is_container,
            capabilities: ids,
            capability_schemas: schemas.collect::<Result<_, _>>()?,
            platform_url: url(surroundings, PLATFORM_URL, is_plain_allowed)?,
            rhythm: Rhythm {
                interval: interval(surroundings, "WORKER_HEARTBEAT_INTERVAL", HEARTBEAT_S)?,
                retry: interval(surroundings, "WORKER_HEARTBEAT_RETRY", RETRY_S)?,
            },
            labels: worker.labels.clone(),
            load: worker.load.clone(),
            offers,
            capacity: worker.capacity.unwrap_or(processors),
        })
    }
}

impl Plan {
    /// The host under which others reach the worker: the one that was given, or one that its certificate names. A
    /// control plane that is beside the worker reaches it as it is reached, also within a container.
    pub(super) fn host(&self, standing: &Standing) -> String {
        let is_beside = self.control_plane(standing).is_some_and(|url| is_loopback(&url));
        let is_apart = self.is_container && !is_beside;
        let default = || if is_apart { standing.name() } else { "localhost".to_owned() };
        self.advertise_host.clone().unwrap_or_else(default)
    }

    /// The control plane: the one that the environment names, or the CA has named; none for a worker that is alone.
    pub(super) fn control_plane(&self, standing: &Standing) -> Option<Url> {
        self.platform_url.clone().or_else(|| standing.control_plane())
    }

    /// The control plane that the environment names.
    pub(super) fn named_control_plane(&self) -> Option<Url> {
        self.platform_url.clone()
    }

    /// What the registry is told.
    pub(super) fn registration(
        self,
        standing: &Standing,
        Urls { https: endpoint, rpc: rpc_url }: Urls,
        tasks: Arc<Tasks>,
        feed_keys: FeedKeys,
    ) -> Registration {
        let busy = Arc::clone(&tasks);
        Registration {
            host: self.host(standing),
            deployed: standing.deployed().cloned(),
            endpoint,
            rpc_url,
            capabilities: self.capabilities,
            capability_schemas: self.capability_schemas,
            labels: self.labels,
            load: self.load.unwrap_or_else(|| Arc::new(move || busy.load())),
            tasks,
            feed_keys,
        }
    }
}

/// Whether a URL leads to this machine alone.
fn is_loopback(url: &Url) -> bool {
    carnet_config::is_loopback(url.host_str().unwrap_or_default().trim_matches(['[', ']']))
}

fn host(worker: &WorkerApplication, surroundings: &Surroundings) -> Result<IpAddr, WorkerError> {
    const VAR: &str = "CARNET_WORKER_HOST";
    if let Some(host) = worker.host {
        return Ok(host);
    }
    match surroundings.var(VAR) {
        Some(text) => text.parse().map_err(|_| WorkerError::BadHost { var: VAR }),
        None if surroundings.is_container() => Ok(Ipv4Addr::UNSPECIFIED.into()),
        None => Ok(Ipv4Addr::LOCALHOST.into()),
    }
}

fn url(
    surroundings: &Surroundings,
    var: &'static str,
    is_plain_allowed: bool,
) -> Result<Option<Url>, WorkerError> {
    let Some(text) = surroundings.var(var) else { return Ok(None) };
    let mut url: Url = text.parse().map_err(|_| WorkerError::BadUrl { var })?;
    match url.scheme() {
        "https" if url.has_host() && url.query().is_none() => {}
        "http" if is_plain_allowed && is_loopback(&url) && url.query().is_none() => {}
        "http" => return Err(WorkerError::PlainHttpRefused { var }),
        _ => return Err(WorkerError::BadUrl { var }),
    }
    // A URL with a host has room for both. Whatever secret stands there is for others.
    let _ = (url.set_username(""), url.set_password(None));
    Ok(Some(url))
}

fn interval(
    surroundings: &Surroundings,
    var: &'static str,
    default_s: u64,
) -> Result<Duration, WorkerError> {
    let seconds = surroundings.var(var).map_or(Ok(default_s), str::parse);
    let seconds = seconds.ok().filter(|seconds| (1..=INTERVAL_S_MAX).contains(seconds));
    seconds.map(Duration::from_secs).ok_or(WorkerError::BadInterval { var })
}
