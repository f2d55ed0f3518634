//! Who may ask what: before any route.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use wildmatch::WildMatch;

use super::ClientAuth;
use crate::health::Health;
use crate::listener::{Peer, Stranger, Unjudged};
use crate::rpc::PATH as RPC;

/// The one path that is open to everybody; the one that never is: [`RPC`].
const HEALTH: &str = "/health";

/// What somebody is told who cannot be judged now.
const STALE: &str = "Try again later";

/// What a caller has to be.
pub(super) struct Access {
    policy: ClientAuth,
    allowed: Vec<WildMatch>,
    health: Arc<Health>,
    /// Whether calls of the control plane are answered.
    has_rpc: bool,
}

impl Access {
    pub(super) fn new(
        policy: ClientAuth,
        allow_peers: &[String],
        health: Arc<Health>,
        has_rpc: bool,
    ) -> Self {
        let allowed = allow_peers.iter().map(|glob| WildMatch::new(glob)).collect();
        Self { policy, allowed, health, has_rpc }
    }

    /// Why this request is not served, if so.
    fn refusal(
        &self,
        (method, path): (&Method, &str),
        peer: Option<&Peer>,
        stranger: Option<Stranger>,
        is_unjudged: bool,
    ) -> Option<(StatusCode, &'static str)> {
        let is_open = path == HEALTH && self.policy != ClientAuth::Required;
        let is_call = self.has_rpc && path == RPC;
        if is_call && method != Method::POST {
            return Some((StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"));
        }
        // A worker that ends is still asked about its tasks.
        if self.health.is_stopping() && path != HEALTH && !is_call {
            return Some((StatusCode::SERVICE_UNAVAILABLE, "Shutting down"));
        }
        if self.health.is_withdrawn() && path != HEALTH {
            return Some((StatusCode::SERVICE_UNAVAILABLE, "Certificate revoked"));
        }
        match peer {
            _ if is_open => None,
            None if is_unjudged => Some((StatusCode::SERVICE_UNAVAILABLE, STALE)),
            None if is_call && stranger.is_some() => None,
            None if stranger == Some(Stranger::Certified) && self.allowed.is_empty() => None,
            None if self.policy == ClientAuth::Open && path != RPC => None,
            None if stranger == Some(Stranger::Certified) => {
                Some((StatusCode::FORBIDDEN, "Forbidden"))
            }
            None => Some((StatusCode::UNAUTHORIZED, "Client certificate required")),
            // The call itself judges who makes it.
            Some(_) if is_call => None,
            Some(peer) if self.allows(peer) => None,
            Some(_) => Some((StatusCode::FORBIDDEN, "Forbidden")),
        }
    }

    fn allows(&self, peer: &Peer) -> bool {
        let identity = peer.identity().to_string();
        self.allowed.is_empty() || self.allowed.iter().any(|glob| glob.matches(&identity))
    }
}

/// Serves a request, or says why not.
pub(super) async fn enter(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    let extensions = request.extensions();
    let is_unjudged = extensions.get::<Unjudged>().is_some();
    let asked = (request.method(), request.uri().path());
    match access.refusal(asked, extensions.get(), extensions.get().copied(), is_unjudged) {
        Some((status, STALE)) => ([(RETRY_AFTER, "5")], answer(status, STALE)).into_response(),
        Some((status, detail)) => answer(status, detail),
        None => next.run(request).await,
    }
}

/// The body of every refusal.
pub(super) fn answer(status: StatusCode, detail: &'static str) -> Response {
    (status, Json(json!({ "detail": detail }))).into_response()
}
