//! Listening: TCP with or without TLS, and the local socket.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use carnet_config::Config;
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use super::connection::{self, Cutoff, Ends, Peer, ServedAt};
use super::socket::Socket;
use super::tls::{self, TlsError};
use crate::ca::CaFault;
use crate::fleet::{self, FleetTls};
use crate::routes;
use crate::rpc::{self, Foreign, RpcTlsError};
use crate::state::App;
use crate::upkeep;

/// The longest path that a socket address holds.
const SOCKET_PATH_MAX: usize = 100;

/// How long accepting waits after it failed: when no more files can be opened, at once fails again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the kernel may hold of an answer: more than this, and it doubles it, cannot be called back when the
/// grant behind the answer ends.
const SEND_BUFFER: u32 = 128 << 10;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// How long somebody without a certificate may stay on the fleet's listener, whatever is under way.
const STRANGER_MAX: Duration = Duration::from_mins(2);

/// How long a TLS handshake may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// Why a server does not listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {host}:{port}")]
    Address {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// Why.
        source: std::io::Error,
    },
    /// The address for members of the fleet is taken, or not this machine's.
    #[error("cannot listen for workers on {address}")]
    Fleet {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The local socket could not be made.
    #[error("cannot listen on the local socket {path:?}")]
    Socket {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate or the key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// What workers without a certificate of the fleet are called with.
    #[error(transparent)]
    RpcTls(#[from] RpcTlsError),
    /// What lets workers on this machine in.
    #[error(transparent)]
    Ca(#[from] CaFault),
}

/// A server that listens.
pub struct Listening {
    app: App,
    address: SocketAddr,
    fleet: SocketAddr,
    socket: Option<PathBuf>,
    tasks: TaskTracker,
}

/// Begins to listen, and serves until [`Listening::shut_down`].
pub async fn listen(app: App) -> Result<Listening, ServeError> {
    let config = app.config();
    let server = &config.server;
    app.set_tls(tls_of(&config)?);
    app.set_foreign(Foreign::of(&config.rpc_tls, app.clock())?);
    rpc::warn(&config.rpc_tls);
    let (host, port) = (server.host.clone(), server.port);
    let bound = listen_on(&host, port).await;
    let (listener, address) = bound.map_err(|source| ServeError::Address { host, port, source })?;
    let fleet = config.fleet.listen_addr;
    let bound = listen_on(&fleet.ip().to_string(), fleet.port()).await;
    let (fleet_listener, fleet) =
        bound.map_err(|source| ServeError::Fleet { address: fleet, source })?;
    app.ca().open_local_enrollment(fleet)?;
    app.listens_at(address);
    let tasks = TaskTracker::new();
    let accepting = Accepting {
        router: routes::router(app.clone()),
        permits: Arc::new(Semaphore::new(server.max_connections as usize)),
        tasks: tasks.clone(),
        app: app.clone(),
    };
    let socket = match local_socket(&app.config().top.data_dir)? {
        Some((path, listener)) => {
            // Its connections are counted by themselves: strangers cannot take the operator's.
            let permits = Arc::new(Semaphore::new(server.max_connections as usize));
            tasks.spawn(Accepting { permits, ..accepting.clone() }.accept_local(listener));
            Some(path)
        }
        None => None,
    };
    let members = Accepting {
        router: fleet::router(app.clone()),
        permits: Arc::new(Semaphore::new(app.config().server.max_connections as usize)),
        ..accepting.clone()
    };
    tasks.spawn(members.accept_member(fleet_listener, FleetTls::new(app.clone())));
    tasks.spawn(accepting.accept_tcp(listener));
    upkeep::start(&app, &tasks);
    Ok(Listening { app, address, fleet, socket, tasks })
}

/// What the configuration has connections encrypted with; nothing when they are plain.
pub(crate) fn tls_of(config: &Config) -> Result<Option<TlsAcceptor>, TlsError> {
    let server = &config.server;
    match (&server.tls_cert_file, &server.tls_key_file) {
        (Some(certificate), Some(key)) => tls::acceptor(certificate, key).map(Some),
        _ => Ok(None),
    }
}

impl Listening {
    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL at that address.
    pub fn url(&self) -> String {
        let scheme =
            if self.app.config().server.tls_cert_file.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The address on which it hears members of the fleet.
    pub fn fleet_address(&self) -> SocketAddr {
        self.fleet
    }

    /// The local socket, when there is one.
    pub fn socket(&self) -> Option<&Path> {
        self.socket.as_deref()
    }

    /// Takes no new requests, lets those that run finish for `server.shutdown_timeout`, cuts the rest, and
    /// closes the store.
    pub async fn shut_down(self) {
        self.app.draining().cancel();
        self.app.ca().close_local_enrollment();
        self.tasks.close();
        let clock = self.app.clock();
        tokio::select! {
            () = self.tasks.wait() => {}
            () = clock.sleep(self.app.config().server.shutdown_timeout) => {}
        }
        self.app.stopped().cancel();
        self.tasks.wait().await;
        if let Some(socket) = &self.socket {
            // Made anew at the next start in any case.
            let _ = std::fs::remove_file(socket);
        }
        upkeep::flush_meters(&self.app).await;
        self.app.publish_revocations().await;
        self.app.recorder().finish().await;
        self.app.store().close().await;
    }
}

#[derive(Clone)]
struct Accepting {
    app: App,
    router: axum::Router,
    permits: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Accepting {
    async fn accept_tcp(self, listener: TcpListener) {
        let listener = &listener;
        self.accept(|| listener.accept(), |(stream, peer)| self.clone().serve_tcp(stream, peer))
            .await;
    }

    async fn accept_local(self, listener: UnixListener) {
        let listener = &listener;
        self.accept(|| listener.accept(), |(stream, _)| self.clone().serve_local(stream)).await;
    }

    async fn accept_member(self, listener: TcpListener, tls: FleetTls) {
        let (listener, tls) = (&listener, &Arc::new(tls));
        let serve = |(stream, peer)| self.clone().serve_member(stream, peer, Arc::clone(tls));
        self.accept(|| listener.accept(), serve).await;
    }

    /// Accepts and serves until the server drains.
    async fn accept<S, N, F>(&self, next: impl Fn() -> N, serve: impl Fn(S) -> F)
    where
        N: Future<Output = std::io::Result<S>>,
        F: Future<Output = ()> + Send + 'static,
    {
        let accepting = async {
            loop {
                match next().await {
                    Ok(stream) => self.spawn(serve(stream)).await,
                    Err(error) => self.pause(&error).await,
                }
            }
        };
        tokio::select! {
            () = accepting => {}
            () = self.app.draining().cancelled() => {}
        }
    }

    /// Serves a connection once there are fewer than the most there may be.
    async fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        // The semaphore is never closed.
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        self.tasks.spawn(async move {
            connection.await;
            drop(permit);
        });
    }

    async fn pause(&self, error: &std::io::Error) {
        tracing::warn!(%error, "a connection could not be accepted");
        self.app.clock().sleep(ACCEPT_PAUSE).await;
    }

    async fn serve_tcp(self, stream: TcpStream, peer: SocketAddr) {
        let Some((ends, socket, cutoff)) = opened(stream, peer) else { return };
        let Some(tls) = self.app.tls() else {
            return connection::serve(self.app, self.router, socket, ends, cutoff).await;
        };
        match self.in_time(tls.accept(socket)).await {
            Some(Ok(stream)) => {
                connection::serve(self.app, self.router, stream, ends, cutoff).await;
            }
            Some(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            None => {}
        }
    }

    /// A member of the fleet, or somebody without a certificate. One whose certificate does not count is not heard.
    async fn serve_member(self, stream: TcpStream, peer: SocketAddr, tls: Arc<FleetTls>) {
        let Some((ends, socket, cutoff)) = opened(stream, peer) else { return };
        match self.in_time(self.app.ca().end_superseded()).await {
            Some(Ok(())) => {}
            Some(Err(error)) => {
                tracing::error!(%error, "superseded certificates were not revoked; it is tried again");
            }
            None => return,
        }
        let accepted = match tls.acceptor() {
            Ok(acceptor) => self.in_time(acceptor.accept(socket)).await,
            Err(error) => return tracing::error!(%error, "the fleet listener has no certificate"),
        };
        let stream = match accepted {
            Some(Ok(stream)) => stream,
            Some(Err(error)) => return fleet::refused(&self.app, peer, &error),
            None => return,
        };
        let certificates = stream.get_ref().1.peer_certificates();
        // Not asked in a handshake that goes on with an earlier session: judged now, before anything is read.
        match fleet::member(&self.app, certificates) {
            Ok(member) => {
                if let Some(member) = &member {
                    fleet::used(&self.app, member).await;
                }
                let (is_stranger, clock) = (member.is_none(), self.app.clock().clone());
                let ends = Ends { member, ..ends };
                tokio::select! {
                    () = connection::serve(self.app, self.router, stream, ends, cutoff) => {}
                    () = clock.sleep(STRANGER_MAX), if is_stranger => {}
                }
            }
            Err(denied) => fleet::denied(&self.app, peer, &denied),
        }
    }

    /// What a handshake gives; nothing when it takes too long.
    async fn in_time<T>(&self, handshake: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            handshake = handshake => Some(handshake),
            () = self.app.clock().sleep(HANDSHAKE_MAX) => None,
        }
    }

    async fn serve_local(self, stream: UnixStream) {
        let is_same_user = stream.peer_cred().is_ok_and(|peer| Some(peer.uid()) == own_uid());
        let ends = Ends { peer: Peer::Local { is_same_user }, at: None, member: None };
        connection::serve(self.app, self.router, stream, ends, Cutoff::default()).await;
    }
}

/// A connection over TCP that can be cut; nothing when it is gone already.
fn opened(stream: TcpStream, peer: SocketAddr) -> Option<(Ends, Socket, Cutoff)> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection went away at once");
        return None;
    }
    let at = stream.local_addr().ok().map(ServedAt);
    let cutoff = Cutoff::default();
    let socket = Socket::new(stream, cutoff.clone());
    Some((Ends { peer: Peer::Remote(peer), at, member: None }, socket, cutoff))
}

/// Listens, and tells where: the port may be any that is free.
async fn listen_on(host: &str, port: u16) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = bind(host, port).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Listens on the first address that the host has.
async fn bind(host: &str, port: u16) -> std::io::Result<TcpListener> {
    let mut failed = std::io::Error::new(std::io::ErrorKind::NotFound, "the host has no address");
    for address in tokio::net::lookup_host((host, port)).await? {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        // Connections inherit it.
        socket.set_send_buffer_size(SEND_BUFFER)?;
        match socket.bind(address).and_then(|()| socket.listen(BACKLOG)) {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Makes the socket in the data folder, for its owner alone. None when its path is too long for one.
fn local_socket(data_dir: &Path) -> Result<Option<(PathBuf, UnixListener)>, ServeError> {
    let path = data_dir.join("api.sock");
    if path.as_os_str().len() > SOCKET_PATH_MAX {
        tracing::warn!(?path, "the path is too long for a local socket: there is none");
        return Ok(None);
    }
    let socket = |source| ServeError::Socket { path: path.clone(), source };
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(socket(error)),
        _ => {}
    }
    let listener = UnixListener::bind(&path).map_err(socket)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(socket)?;
    Ok(Some((path, listener)))
}

/// The uid of this process: that of what it just made.
fn own_uid() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    static UID: std::sync::OnceLock<Option<u32>> = std::sync::OnceLock::new();
    *UID.get_or_init(|| std::fs::metadata("/proc/self").ok().map(|own| own.uid()))
}
