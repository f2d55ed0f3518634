//! One connection: its handshake, who is at the other end, its requests, its end.

use std::pin::pin;
use std::time::Duration;

use carnet_ticket::verify::Reason;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::socket::Socket;
use super::{Callers, Peer, Service};
use crate::pause::within;

/// How long a handshake may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// How long the head of a request may take.
const HEAD_MAX: Duration = Duration::from_secs(30);

/// How long somebody without a certificate stays connected, but for a request that is under way: strangers cannot
/// take all connections there are.
const ANONYMOUS_MAX: Duration = Duration::from_mins(1);

/// The same of somebody with a certificate that is not the fleet's: nothing tells when that ends.
const STRANGER_MAX: Duration = Duration::from_mins(10);

/// How long what is under way may go on once a connection is to end.
const ENDING_MAX: Duration = Duration::from_secs(10);

/// What every TLS connection begins with: a handshake record.
const HANDSHAKE_RECORD: u8 = 22;

/// Stands among the extensions of a request whose sender cannot be judged now, since the worker has heard of no
/// revocations for too long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unjudged;

/// Stands among the extensions of a request of somebody who is no member of the fleet, and may be let in by a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stranger {
    /// It has shown a certificate of a CA of the deployment.
    Certified,
    /// It is on this machine, and speaks in plain.
    Plain,
}

/// What ends a connection.
pub(super) struct Ends {
    pub(super) cut: CancellationToken,
    /// Finishes what is under way, and takes nothing new.
    pub(super) draining: Option<CancellationToken>,
}

/// Serves a connection until it ends.
pub(super) async fn serve(
    stream: TcpStream,
    service: Service,
    ends: Ends,
    permit: OwnedSemaphorePermit,
) {
    // Before anything is believed: what is exchanged meanwhile ends this one.
    let era = match &service.callers {
        Callers::Members(_) => CancellationToken::new(),
        Callers::Strangers(deployed) => deployed.era(),
    };
    let handshake = within(service.gate.clock(), HANDSHAKE_MAX, handshake(stream, service.tls));
    let handshake = tokio::select! {
        handshake = handshake => handshake,
        () = ends.cut.cancelled() => return,
    };
    let stream = match handshake {
        Some(Ok(stream)) => stream,
        Some(Err(reason)) => return refused(reason),
        None => return refused("timeout"),
    };
    let shown = match &stream {
        Either::Left(tls) => tls.get_ref().1.peer_certificates().and_then(<[_]>::first),
        Either::Right(_) => None,
    };
    let (peer, stranger) = match &service.callers {
        Callers::Members(trust_domain) => {
            let peer = shown.map(|der| Peer::admit(&service.gate, trust_domain, der));
            (peer.transpose(), None)
        }
        Callers::Strangers(deployed) => {
            let is_plain = deployed.is_plain();
            let certified = shown.map(|_| Stranger::Certified);
            (Ok(None), if is_plain { Some(Stranger::Plain) } else { certified })
        }
    };
    // Whoever cannot be judged now is told so, once; the next connection is judged anew.
    let told = CancellationToken::new();
    let (peer, is_unjudged) = match peer {
        Ok(peer) => (peer, false),
        Err(denied) if denied.reason == Reason::RevocationStale => (None, true),
        Err(denied) => return refused(denied.reason.code()),
    };
    let life = match stranger {
        Some(Stranger::Certified) => Some(STRANGER_MAX),
        _ => peer.is_none().then_some(ANONYMOUS_MAX),
    };
    let clock = service.gate.clock().clone();
    let grant = peer.as_ref().map(|peer| peer.grant().clone());
    let socket = Socket::new(stream, ends.cut, grant, permit);
    let (router, tell) = (service.router, told.clone());
    let router = router.map_request(move |mut request: http::Request<_>| {
        if let Some(peer) = &peer {
            request.extensions_mut().insert(peer.clone());
        }
        if let Some(stranger) = stranger {
            request.extensions_mut().insert(stranger);
        }
        if is_unjudged {
            request.extensions_mut().insert(Unjudged);
            tell.cancel();
        }
        request
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_MAX);
    builder.http2().timer(TokioTimer::new());
    let service = TowerToHyperService::new(router);
    let mut connection =
        pin!(builder.serve_connection_with_upgrades(TokioIo::new(socket), service));
    let over = async {
        tokio::select! {
            () = ends.draining.unwrap_or_default().cancelled_owned() => {}
            () = told.cancelled() => {}
            () = clock.sleep(life.unwrap_or_default()), if life.is_some() => {}
            () = era.cancelled() => {}
        }
    };
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = over => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                result = connection => result,
                () = clock.sleep(ENDING_MAX) => return,
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(error, "a connection ended early");
    }
}

/// The connection behind the handshake, or why there is none. Who does not begin with one gets no answer. In plain there
/// is none.
async fn handshake(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
) -> Result<Either<TlsStream<TcpStream>, TcpStream>, &'static str> {
    let Some(acceptor) = acceptor else { return Ok(Either::Right(stream)) };
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(1) if first[0] == HANDSHAKE_RECORD => {}
        _ => return Err("not_tls"),
    }
    stream.set_nodelay(true).map_err(|_| "gone")?;
    acceptor.accept(stream).await.map(Either::Left).map_err(|error| {
        let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match cause {
            Some(rustls::Error::InvalidCertificate(_)) => "certificate",
            Some(rustls::Error::NoCertificatesPresented) => "no_certificate",
            _ => "handshake",
        }
    })
}

fn refused(reason: &'static str) {
    metrics::counter!("carnet_tls_refused_total", "listener" => "worker", "reason" => reason)
        .increment(1);
    tracing::debug!(reason, "a connection was refused");
}
