//! Calling workers: `POST /rpc` over mTLS. Source: worker runtime spec, section 11.
//!
//! The control plane's own certificate is the credential of every call. A worker is believed when a CA of the bundle
//! signed for the host that is called, for exactly the identity that registered, and nobody has revoked that.

mod tls;

use std::sync::Arc;
use std::time::Duration;

use carnet_gate::{Clock, Gate};
use carnet_ticket::identity::{TrustDomain, WorkerId};
use carnet_ticket::rpc::{self, Answer, Request};
use http::StatusCode;
use reqwest::Response;

use crate::ca;
use crate::state::App;
use tls::Trust;

/// Workers whose connections are kept.
const CLIENTS_MAX: u64 = 10_000;

/// Whom to call.
#[derive(Debug, Clone)]
pub(crate) struct Callee {
    pub(crate) worker_id: WorkerId,
    /// Who it is: a SPIFFE ID.
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
    /// A client for each identity: it believes no other.
    clients: moka::sync::Cache<String, reqwest::Client>,
}

impl Rpc {
    pub(crate) fn new(gate: Gate, ca: Arc<ca::Held>, trust_domain: TrustDomain) -> Self {
        let trust = Arc::new(Trust::new(gate, ca, trust_domain));
        Self { trust, clients: moka::sync::Cache::new(CLIENTS_MAX) }
    }

    /// Lets go of the connections to a worker.
    pub(crate) fn forget(&self, identity: &str) {
        self.clients.invalidate(identity);
    }

    /// Calls a worker, which has `limit` to answer.
    pub(crate) async fn call(
        &self,
        clock: &Clock,
        callee: &Callee,
        request: &Request,
        limit: Duration,
    ) -> Result<Answer, RpcError> {
        let stopwatch = clock.stopwatch();
        let answer = tokio::select! {
            answer = self.ask(callee, request) => answer,
            () = clock.sleep(limit) => Err(RpcError::TimedOut),
        };
        let code = answer.as_ref().map_or_else(RpcError::code, |_| "ok");
        let labels = [("method", request.method.clone()), ("code", code.to_owned())];
        metrics::histogram!("carnet_rpc_seconds", &labels).record(stopwatch.elapsed());
        answer
    }

    async fn ask(&self, callee: &Callee, request: &Request) -> Result<Answer, RpcError> {
        let client = self.client(&callee.identity)?;
        let sent = client.post(&callee.rpc_url).json(request).send().await;
        let response = sent.map_err(RpcError::Transport)?;
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

    fn client(&self, identity: &str) -> Result<reqwest::Client, RpcError> {
        if let Some(client) = self.clients.get(identity) {
            return Ok(client);
        }
        let client = tls::client(&self.trust, identity)?;
        self.clients.insert(identity.to_owned(), client.clone());
        Ok(client)
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
