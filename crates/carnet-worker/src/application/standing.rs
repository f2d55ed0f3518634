//! [`Standing`]: by what a worker is known.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use carnet_gate::{Clock, Gate};
use carnet_ticket::identity::WorkerId;
use reqwest::Url;
use tokio::task::JoinSet;

use super::plan::Plan;
use crate::bootstrap::{Bootstrapped, bootstrap};
use crate::bundle::{Bundles, Sequence};
use crate::deployed::{Deployed, Settings};
use crate::error::WorkerError;
use crate::listener::{self, Service};
use crate::plane::Plane;
use crate::registry::Form;
use crate::renew::Renewal;
use crate::surroundings::Surroundings;
use crate::tls::Live;

/// Where the control plane is of a worker that nobody tells.
const CONTROL_PLANE: &str = "http://localhost:7423";

/// By what a worker is known, to those who call it and to the control plane.
pub(super) enum Standing {
    /// By a certificate of the fleet.
    Member {
        /// The certificate.
        live: Arc<Live>,
        /// Where the CA is, when the environment names one.
        ca_url: Option<Url>,
    },
    /// By certificates and tokens that somebody else looks after.
    Deployed(Arc<Deployed>),
}

impl Standing {
    /// What `settings` say; without them a certificate of the fleet is found, renewed or enrolled for.
    pub(super) async fn find(
        plan: &Plan,
        settings: Option<Settings>,
        surroundings: &Surroundings,
    ) -> Result<Self, WorkerError> {
        let Some(settings) = settings else {
            let Bootstrapped { live, ca_url } = bootstrap(surroundings, &plan.wanted).await?;
            return Ok(Self::Member { live, ca_url });
        };
        let worker_id = plan.wanted.worker_id.clone().map_or_else(this_machine, Ok)?;
        let control_plane = plan.named_control_plane().map_or_else(default_control_plane, Ok)?;
        let clock = &surroundings.clock;
        let deployed = Deployed::new(settings, worker_id, clock, control_plane)?;
        if deployed.is_plain() {
            tracing::warn!("calls are served in plain: worker.rpc_tls.enabled is false");
        }
        Ok(Self::Deployed(Arc::new(deployed)))
    }

    pub(super) fn clock(&self) -> &Clock {
        match self {
            Self::Member { live, .. } => live.clock(),
            Self::Deployed(deployed) => deployed.clock(),
        }
    }

    pub(super) fn live(&self) -> Option<&Arc<Live>> {
        match self {
            Self::Member { live, .. } => Some(live),
            Self::Deployed(_) => None,
        }
    }

    pub(super) fn deployed(&self) -> Option<&Arc<Deployed>> {
        match self {
            Self::Member { .. } => None,
            Self::Deployed(deployed) => Some(deployed),
        }
    }

    /// What the registry knows the worker by when nobody says.
    pub(super) fn worker_id(&self) -> WorkerId {
        match self {
            Self::Member { live, .. } => live.current().stored.record.worker_id.clone(),
            Self::Deployed(deployed) => deployed.worker_id().clone(),
        }
    }

    /// The name that others may know it by.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Member { live, .. } => live.current().stored.record.name.to_string(),
            Self::Deployed(deployed) => deployed.worker_id().to_string(),
        }
    }

    /// The control plane that it has been told of.
    pub(super) fn control_plane(&self) -> Option<Url> {
        match self {
            Self::Member { live, .. } => live.current().stored.record.control_plane_url.clone(),
            Self::Deployed(deployed) => Some(deployed.control_plane().clone()),
        }
    }

    /// The form in which the registry is told of it.
    pub(super) fn form(&self) -> Form {
        match self {
            Self::Member { .. } => Form::Platform,
            Self::Deployed(_) => Form::Worker,
        }
    }

    /// What judges whoever calls. Where there is a control plane, revocations come from there.
    pub(super) fn gate(&self, has_control_plane: bool) -> Gate {
        match self {
            Self::Member { live, .. } => {
                let gate = listener::gate(live, has_control_plane);
                live.hears_by(&gate);
                gate
            }
            Self::Deployed(deployed) => deployed.gate(),
        }
    }

    /// The control plane at `url`, over connections of its own.
    pub(super) fn plane(&self, url: Url) -> Result<Plane, WorkerError> {
        match self {
            Self::Member { live, .. } => Plane::of_member(live, url),
            Self::Deployed(deployed) => deployed.plane(),
        }
    }

    /// What serves `router`, with or without demanding a certificate.
    pub(super) fn service(
        &self,
        gate: &Gate,
        router: Router,
        is_required: bool,
    ) -> Result<Service, WorkerError> {
        match self {
            Self::Member { live, .. } => {
                Service::of_member(live, gate.clone(), router, is_required)
            }
            Self::Deployed(deployed) => {
                Service::of_deployed(deployed, gate.clone(), router, is_required)
            }
        }
    }

    /// An address that may be listened on: in plain that of this machine alone.
    pub(super) fn checked(&self, address: SocketAddr) -> Result<SocketAddr, WorkerError> {
        let is_plain = self.deployed().is_some_and(|deployed| deployed.is_plain());
        if is_plain && !address.ip().is_loopback() {
            return Err(WorkerError::PlainNotLoopback { addr: address });
        }
        Ok(address)
    }

    /// Where a port is reached.
    pub(super) fn url(&self, host: &str, port: u16) -> String {
        let is_plain = self.deployed().is_some_and(|deployed| deployed.is_plain());
        format!("{}://{host}:{port}", if is_plain { "http" } else { "https" })
    }

    /// Keeps up with what changes: certificate and CAs of the fleet, or the files of somebody else.
    pub(super) fn keep(&self, known: &Sequence, background: &mut JoinSet<()>) {
        match self {
            Self::Member { live, ca_url } => {
                background.spawn(Renewal { live: Arc::clone(live), ca_url: ca_url.clone() }.run());
                let bundles = Bundles::new(Arc::clone(live), ca_url.clone(), known.clone());
                background.spawn(bundles.run());
            }
            Self::Deployed(deployed) => {
                let (watching, following) = (Arc::clone(deployed), Arc::clone(deployed));
                background.spawn(async move {
                    watching.watch().await;
                });
                background.spawn(async move {
                    following.follow_keys().await;
                });
            }
        }
    }
}

/// What a worker is called that nobody has named: as its machine.
fn this_machine() -> Result<WorkerId, WorkerError> {
    let machine = rustix::system::uname();
    Ok(machine.nodename().to_string_lossy().parse()?)
}

fn default_control_plane() -> Result<Url, WorkerError> {
    CONTROL_PLANE.parse().map_err(|_| WorkerError::BadUrl { var: "PLATFORM_URL" })
}
