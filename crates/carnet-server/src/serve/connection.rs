//! One connection: who is at the other end, and how it is cut.

use std::net::SocketAddr;
use std::pin::pin;

use axum::body::Body;
use carnet_gate::Grant;
use http_body_util::BodyExt;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::linger::{Lingering, Unread};
use crate::fleet::FleetPeer;
use crate::state::App;

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Somebody on the network.
    Remote(SocketAddr),
    /// A process on this machine, over the local socket; whether it runs as the server's own user.
    Local {
        /// Whether the kernel reports the server's own uid.
        is_same_user: bool,
    },
}

/// The address of this machine that a connection came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServedAt(pub SocketAddr);

/// Cuts a connection: everything on it stops at once, and what was not sent yet never is.
#[derive(Debug, Clone, Default)]
pub struct Cutoff(CancellationToken);

impl Cutoff {
    /// Whether it was cut.
    pub fn is_cut(&self) -> bool {
        self.0.is_cancelled()
    }

    /// `body`, whose connection is cut when `grant` ends before all of it was handed to the kernel. A peer that
    /// reads slowly or not at all cannot hold on to it: what it may still get is what fits into socket buffers.
    pub fn guard(&self, grant: Grant, body: Body) -> Body {
        let (cutoff, watched) = (self.0.clone(), CancellationToken::new());
        let done = watched.clone().drop_guard();
        tokio::spawn(async move {
            tokio::select! {
                _ = grant.ended() => cutoff.cancel(),
                () = watched.cancelled() => {}
            }
        });
        Body::new(body.map_frame(move |frame| {
            let _kept_while_the_body_lives = &done;
            frame
        }))
    }
}

/// Both ends of a connection.
pub(super) struct Ends {
    pub(super) peer: Peer,
    pub(super) at: Option<ServedAt>,
    /// The member of the fleet whose certificate it was opened with.
    pub(super) member: Option<FleetPeer>,
}

/// Serves one connection until it ends, is cut, its certificate counts no more, or the server drains.
pub(super) async fn serve<I>(app: App, router: axum::Router, io: I, ends: Ends, cutoff: Cutoff)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Ends { peer, at, member } = ends;
    let grant = member.as_ref().map(|member| member.grant.clone());
    let mut withdrawn = pin!(async {
        match grant {
            Some(grant) => drop(grant.ended().await),
            None => std::future::pending().await,
        }
    });
    let (cut, unread) = (cutoff.0.clone(), Unread::default());
    let io = Lingering::new(io, unread.clone(), app.clock().clone());
    let service = router.map_request(move |mut request: http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(cutoff.clone());
        if let Some(at) = at {
            request.extensions_mut().insert(at);
        }
        if let Some(member) = &member {
            request.extensions_mut().insert(member.clone());
        }
        request.map(|body| unread.watch(body))
    });
    let limits = &app.config().server;
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout.max(limits.idle_timeout))
        .max_buf_size(usize::try_from(limits.max_header.0).unwrap_or(usize::MAX).max(8192));
    let mut connection =
        pin!(builder.serve_connection(TokioIo::new(io), TowerToHyperService::new(service)));
    // What was withdrawn comes first: a request that waits to be read is not begun any more.
    let result = tokio::select! {
        biased;
        () = cut.cancelled() => return,
        () = withdrawn.as_mut() => return cut.cancel(),
        result = connection.as_mut() => result,
        () = app.draining().cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                result = connection => result,
                () = cut.cancelled() => return,
                () = withdrawn => return cut.cancel(),
                () = app.stopped().cancelled() => return,
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}
