//! Calling workers: `POST /rpc` over mTLS. Source: worker runtime spec, section 11.
//!
//! The control plane's own certificate is the credential of every call to a worker of the fleet. Such a worker is believed
//! when a CA of the bundle signed for the host that is called, for exactly the identity that registered, and nobody has
//! revoked that. How workers without a certificate of the fleet are called is [`Foreign`]'s to say; they alone are shown a
//! token.

mod believed;
mod files;
mod foreign;
mod tls;
mod token;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use carnet_gate::Gate;
use carnet_ticket::identity::{SpiffeId, TrustDomain, WorkerId};
use carnet_ticket::rpc::{self, Answer, Request};
use http::StatusCode;
use reqwest::{RequestBuilder, Response};

use crate::ca;
use crate::state::App;
pub use files::RpcTlsError;
pub(crate) use foreign::{Foreign, warn};
use tls::Trust;
use token::TokenError;

/// Workers whose connections are kept.
const CLIENTS_MAX: u64 = 10_000;

/// Whom to call.
#[derive(Debug, Clone)]
pub(crate) struct Callee {
    pub(crate) worker_id: WorkerId,
    /// Who it is: a SPIFFE ID, or its id where it has no certificate of the fleet.
    pub(crate) identity: String,
    /// Where it is called.
    pub(crate) rpc_url: String,
}

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RpcError {
    /// There is no TLS.
    #[error("a client could not be made")]
    Client(#[from] tls::ClientError),
    /// It has no certificate of the fleet, and where it is such workers are not called.
    #[error("worker.rpc_tls does not say how a worker without a certificate is called there")]
    Foreign,
    /// There is nothing to show to it.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// It cannot be reached, or is not who it should be.
    #[error("the worker cannot be reached, or is not who it should be")]
    Transport(#[source] reqwest::Error),
    /// It takes too long.
    #[error("the worker takes too long")]
    TimedOut,
    /// It answers more than is read.
    #[error("the worker's answer is longer than {} bytes", rpc::LEN_MAX)]
    TooLong,
    /// It refuses.
    #[error("the worker answers {0}")]
    Refused(StatusCode),
    /// What it answers is none.
    #[error("the worker's answer is not one to what was asked")]
    Answer,
}

impl RpcError {
    fn code(&self) -> &'static str {
        match self {
            Self::Client(_) => "client",
            Self::Foreign => "foreign",
            Self::Token(_) => "token",
            Self::Transport(_) => "transport",
            Self::TimedOut => "timeout",
            Self::TooLong | Self::Answer => "answer",
            Self::Refused(_) => "refused",
        }
    }
}

impl Callee {
    /// The worker of this id, if it takes calls.
    pub(crate) fn of(app: &App, id: &WorkerId) -> Option<Self> {
        let worker = app.registry().worker(id)?;
        let rpc_url = worker.said?.rpc_url?;
        Some(Self { worker_id: id.clone(), identity: worker.row.identity, rpc_url })
    }
}

/// Calls workers.
pub(crate) struct Rpc {
    trust: Arc<Trust>,
    /// How those are called who have no certificate of the fleet.
    foreign: ArcSwap<Foreign>,
    /// A client for each identity: it believes no other.
    clients: moka::sync::Cache<String, reqwest::Client>,
}

impl Rpc {
    pub(crate) fn new(gate: Gate, ca: Arc<ca::Held>, trust_domain: TrustDomain) -> Self {
        let trust = Arc::new(Trust::new(gate, ca, trust_domain));
        let clients = moka::sync::Cache::new(CLIENTS_MAX);
        Self { trust, foreign: ArcSwap::default(), clients }
    }

    /// Calls workers without a certificate of the fleet by this from now on.
    pub(crate) fn set_foreign(&self, foreign: Foreign) {
        self.foreign.store(Arc::new(foreign));
    }

    /// Lets go of the connections to a worker.
    pub(crate) fn forget(&self, identity: &str) {
        self.clients.invalidate(identity);
    }

    /// Calls a worker, which has `limit` to answer.
    pub(crate) async fn call(
        &self,
        app: &App,
        callee: &Callee,
        request: &Request,
        limit: Duration,
    ) -> Result<Answer, RpcError> {
        let stopwatch = app.clock().stopwatch();
        let answer = tokio::select! {
            answer = self.ask(app, callee, request) => answer,
            () = app.clock().sleep(limit) => Err(RpcError::TimedOut),
        };
        let code = answer.as_ref().map_or_else(RpcError::code, |_| "ok");
        let labels = [("method", request.method.clone()), ("code", code.to_owned())];
        metrics::histogram!("carnet_rpc_seconds", &labels).record(stopwatch.elapsed());
        answer
    }

    async fn ask(&self, app: &App, callee: &Callee, request: &Request) -> Result<Answer, RpcError> {
        let post = match callee.identity.parse::<SpiffeId>() {
            Ok(identity) => self.client(&callee.identity, identity)?.post(&callee.rpc_url),
            Err(_) => self.foreign(app, callee, &request.method)?,
        };
        let response = post.json(request).send().await.map_err(RpcError::Transport)?;
        let status = response.status();
        let body = read(response).await?;
        if status != StatusCode::OK {
            return Err(RpcError::Refused(status));
        }
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| RpcError::Answer)?;
        let is_its = answer.id == request.id
            && answer.worker_id == request.worker_id
            && answer.error.is_none();
        if is_its { Ok(answer) } else { Err(RpcError::Answer) }
    }

    fn client(&self, name: &str, identity: SpiffeId) -> Result<reqwest::Client, RpcError> {
        if let Some(client) = self.clients.get(name) {
            return Ok(client);
        }
        let client = tls::client(&self.trust, identity)?;
        self.clients.insert(name.to_owned(), client.clone());
        Ok(client)
    }

    /// A call of a worker without a certificate of the fleet. Only who registered its id by a token for that id has the
    /// token for it shown.
    fn foreign(
        &self,
        app: &App,
        callee: &Callee,
        method: &str,
    ) -> Result<RequestBuilder, RpcError> {
        let post = self.foreign.load().post(&callee.rpc_url);
        let is_its_own = callee.identity == callee.worker_id.as_str();
        let post = post.filter(|_| is_its_own).ok_or(RpcError::Foreign)?;
        Ok(post.headers(token::headers(app, callee, method)?))
    }
}

/// The body of an answer, if it is no longer than one may be.
async fn read(mut response: Response) -> Result<Vec<u8>, RpcError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(RpcError::Transport)? {
        if body.len() + chunk.len() > rpc::LEN_MAX {
            return Err(RpcError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
