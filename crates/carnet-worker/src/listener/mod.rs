//! The HTTPS port.

mod connection;
mod peer;
mod socket;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use carnet_gate::{Clock, Gate};
use carnet_ticket::identity::TrustDomain;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use connection::{Stranger, Unjudged};
pub use peer::Peer;
pub(crate) use peer::{KindIsRole, STALENESS_MAX, gate};

use crate::deployed::{Deployed, Files};
use crate::error::WorkerError;
use crate::pause::within;
use crate::tls::{self, Clients, Live};

/// How many connections there are at most.
const CONNECTIONS_MAX: usize = 1024;

/// How long accepting waits after it failed: when no more files can be opened, at once fails again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until it is stopped.
pub(crate) struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
}

/// What a connection is served with.
#[derive(Clone)]
pub(crate) struct Service {
    /// None for connections in plain.
    tls: Option<TlsAcceptor>,
    router: Router,
    gate: Gate,
    callers: Callers,
}

/// Who calls.
#[derive(Clone)]
enum Callers {
    /// Members of a fleet, whom their certificates name.
    Members(TrustDomain),
    /// Whoever has a certificate of somebody else's, or is on this machine.
    Strangers(Arc<Deployed>),
}

/// Ends what a listener has begun.
#[derive(Clone, Default)]
pub(crate) struct Ending {
    /// Finishes requests that are under way on connections that were there; new connections are served still.
    draining: CancellationToken,
    /// Cuts connections that were there before draining began.
    cut: CancellationToken,
    /// Ends everything.
    stopped: CancellationToken,
    /// The connections that were there before.
    connections: TaskTracker,
}

impl Service {
    /// Serves `router` to whom `gate` admits, with or without demanding a certificate.
    pub(crate) fn of_member(
        live: &Arc<Live>,
        gate: Gate,
        router: Router,
        is_required: bool,
    ) -> Result<Self, WorkerError> {
        let trust_domain = live.current().stored.leaf.identity.trust_domain().clone();
        let trusted = Arc::clone(live);
        let trusted = Arc::new(move || trusted.clients());
        let clients = Clients::new(trusted, peer::judge(gate.clone()), is_required);
        let tls = tls::server(live.clock(), Arc::clone(live) as _, clients)?;
        let tls = Some(TlsAcceptor::from(Arc::new(tls)));
        Ok(Self { tls, router, gate, callers: Callers::Members(trust_domain) })
    }

    /// Serves `router` to whoever has a certificate of the CAs of its files, with or without demanding one; in plain
    /// without files.
    pub(crate) fn of_deployed(
        deployed: &Arc<Deployed>,
        gate: Gate,
        router: Router,
        is_required: bool,
    ) -> Result<Self, WorkerError> {
        let acceptor = |files: &Arc<Files>| {
            let clients = files.clients(is_required);
            let tls = tls::server(files.clock(), Arc::clone(files) as _, clients)?;
            Ok::<_, rustls::Error>(TlsAcceptor::from(Arc::new(tls)))
        };
        let tls = deployed.files().map(acceptor).transpose()?;
        Ok(Self { tls, router, gate, callers: Callers::Strangers(Arc::clone(deployed)) })
    }
}

impl Listener {
    /// Takes the address.
    pub(crate) async fn bind(address: SocketAddr) -> Result<Self, WorkerError> {
        let tcp = TcpListener::bind(address).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => WorkerError::AddressInUse { addr: address },
            _ => WorkerError::io(address.to_string().as_ref())(error),
        })?;
        let address = tcp.local_addr().map_err(WorkerError::io(address.to_string().as_ref()))?;
        Ok(Self { tcp, address })
    }

    /// The address, with its port.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves connections until `ending` says otherwise.
    pub(crate) async fn serve(self, service: Service, ending: Ending) {
        let accepting = async {
            let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
            loop {
                // The semaphore is never closed.
                let permit = Arc::clone(&permits).acquire_owned().await;
                let (Ok(permit), accepted) = (permit, self.tcp.accept().await) else { return };
                let Ok((stream, _)) = accepted else {
                    service.gate.clock().sleep(ACCEPT_PAUSE).await;
                    continue;
                };
                let is_early = !ending.draining.is_cancelled();
                let parent = if is_early { &ending.cut } else { &ending.stopped };
                let ends = connection::Ends {
                    cut: parent.child_token(),
                    draining: is_early.then(|| ending.draining.clone()),
                };
                let serving = connection::serve(stream, service.clone(), ends, permit);
                if is_early {
                    ending.connections.spawn(serving);
                } else {
                    tokio::spawn(serving);
                }
            }
        };
        tokio::select! {
            () = accepting => {}
            () = ending.stopped.cancelled() => {}
        }
    }
}

impl Ending {
    /// Lets requests that are under way finish, for `limit`, and cuts the rest. New connections are still served.
    pub(crate) async fn drain(&self, clock: &Clock, limit: Duration) {
        self.draining.cancel();
        self.connections.close();
        if within(clock, limit, self.connections.wait()).await.is_none() {
            tracing::warn!("requests that took too long were cut");
        }
        self.cut.cancel();
    }

    /// Ends everything at once.
    pub(crate) fn stop(&self) {
        self.draining.cancel();
        self.cut.cancel();
        self.stopped.cancel();
    }
}
