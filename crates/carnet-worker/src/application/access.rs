//! Who may ask what: before any route.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use wildmatch::WildMatch;

use super::ClientAuth;
use crate::health::Health;
use crate::listener::{Peer, Unjudged};

/// The one path that is open to everybody, and the one that never is.
const HEALTH: &str = "/health";
const RPC: &str = "/rpc";

/// After how many seconds to ask again.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("5");

/// What a caller has to be.
pub(super) struct Access {
    policy: ClientAuth,
    allowed: Vec<WildMatch>,
    health: Arc<Health>,
}

impl Access {
    pub(super) fn new(policy: ClientAuth, allow_peers: &[String], health: Arc<Health>) -> Self {
        let allowed = allow_peers.iter().map(|glob| WildMatch::new(glob)).collect();
        Self { policy, allowed, health }
    }

    /// Why this request is not served, if so.
    fn refusal(&self, request: &Request) -> Option<(StatusCode, &'static str)> {
        let (path, extensions) = (request.uri().path(), request.extensions());
        let is_unjudged = extensions.get::<Unjudged>().is_some();
        let is_open = path == HEALTH && self.policy != ClientAuth::Required;
        if self.health.is_stopping() && path != HEALTH {
            return Some((StatusCode::SERVICE_UNAVAILABLE, "Shutting down"));
        }
        match extensions.get::<Peer>() {
            _ if is_open => None,
            None if is_unjudged => Some((StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")),
            None if self.policy == ClientAuth::Open && path != RPC => None,
            None => Some((StatusCode::UNAUTHORIZED, "Client certificate required")),
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
    match access.refusal(&request) {
        Some((status, detail)) => answer(status, detail),
        None => next.run(request).await,
    }
}

/// The body of every refusal. What may be otherwise soon says when to ask again.
pub(super) fn answer(status: StatusCode, detail: &'static str) -> Response {
    let mut answer = (status, Json(json!({ "detail": detail }))).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S);
    }
    answer
}
