//! One call: who asks, for what, and whether it was asked before.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use carnet_ticket::rpc::{self, Answer, LEN_MAX, Method};
use carnet_ticket::task::{Lease, LeaseError};
use carnet_ticket::verify::Profile;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::caller::Caller;
use super::{Begun, Fault, Reply, Rpc, destroy, logs, renew_lease, shutdown, spawn, status};
use crate::listener::Peer;
use crate::pause::within;

/// How long a body may take.
const BODY_MAX: Duration = Duration::from_secs(30);

/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A call that may be made.
pub(super) struct Call {
    pub(super) id: String,
    pub(super) method: Method,
    pub(super) lease: Option<Value>,
    params: Option<Value>,
}

/// Why a call is not begun, and which it is, as far as that is known.
struct Refused {
    id: String,
    fault: Fault,
}

/// `POST /rpc`.
pub(super) async fn call(
    State(rpc): State<Arc<Rpc>>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Response {
    let watch = rpc.clock.stopwatch();
    let (head, body) = request.into_parts();
    let peer = peer.as_deref();
    let (method, response) = match rpc.admit(peer, &head.headers, body).await {
        Ok((call, caller, body)) => {
            let method = name(call.method);
            let is_followed =
                call.method == Method::Logs && logs::is_wanted_as_stream(&head.headers);
            let answered = if is_followed {
                logs::stream(&rpc, &call, caller.grant)
                    .map_err(|fault| Refused { id: call.id.clone(), fault })
            } else {
                rpc.once(call, &body).await
            };
            (method, answered)
        }
        Err(refused) => ("none", Err(refused)),
    };
    let response = response.unwrap_or_else(|Refused { id, fault }| {
        tracing::info!(method, id, fault = fault.name(), "a call was refused");
        respond(rpc.reply(id, Err(fault)))
    });
    let code = response.status().as_u16().to_string();
    metrics::histogram!("carnet_rpc_seconds", "method" => method, "code" => code)
        .record(watch.elapsed().as_secs_f64());
    response
}

impl Rpc {
    /// The call, if this caller may make it.
    async fn admit(
        &self,
        peer: Option<&Peer>,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<(Call, Caller, Bytes), Refused> {
        let refused = |fault| Refused { id: String::new(), fault };
        let caller = self.caller(peer, headers).await.map_err(refused)?;
        let said = headers.get(CONTENT_LENGTH).and_then(|len| len.to_str().ok()?.parse().ok());
        if said.is_some_and(|len: usize| len > LEN_MAX) {
            return Err(refused(Fault::TooLarge));
        }
        let body = within(&self.clock, BODY_MAX, to_bytes(body, LEN_MAX)).await;
        let body = body.ok_or_else(|| refused(Fault::Timeout))?;
        let body = body.map_err(|_| refused(Fault::TooLarge))?;
        let request: rpc::Request =
            serde_json::from_slice(&body).map_err(|_| refused(Fault::InvalidJson))?;
        let rpc::Request { id, method, worker_id, lease, params } = request;
        if worker_id != self.own_id.as_str() {
            return Err(Refused { id, fault: Fault::WrongWorker });
        }
        match Method::permitted(&method, &caller.scopes) {
            Ok(method) => Ok((Call { id, method, lease, params }, caller, body)),
            Err(fault) => Err(Refused { id, fault: fault.into() }),
        }
    }

    /// Does a call, unless it was done before. It is done to its end, also when the caller goes away.
    async fn once(self: &Arc<Self>, call: Call, body: &[u8]) -> Result<Response, Refused> {
        let id = call.id.clone();
        let begun = self.replies.lock().begin(&id, body, self.clock.now());
        let (mut answer, is_again) = match begun {
            Ok(Begun::Again(answer)) => (answer, true),
            Ok(Begun::First(first)) => {
                let (answer, rpc) = (first.subscribe(), Arc::clone(self));
                tokio::spawn(async move {
                    let done = rpc.run(&call).await;
                    first.send_replace(Some(rpc.reply(call.id, done)));
                });
                (answer, false)
            }
            Err(fault) => return Err(Refused { id, fault }),
        };
        let reply = answer.wait_for(Option::is_some).await.ok().and_then(|reply| reply.clone());
        // Nothing is sent where doing it panicked.
        let mut response =
            reply.map_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response(), respond);
        if is_again {
            response.headers_mut().insert(REPLAYED, axum::http::HeaderValue::from_static("true"));
        }
        Ok(response)
    }

    async fn run(&self, call: &Call) -> Result<Value, Fault> {
        match call.method {
            Method::Spawn => spawn::run(self, call),
            Method::Destroy => destroy::run(self, call),
            Method::RenewLease => renew_lease::run(self, call).await,
            Method::Status => status::run(self, call),
            Method::Logs => logs::run(self, call),
            Method::Shutdown => Ok(shutdown::run(self)),
            Method::Exec | Method::ExecStream | Method::File | Method::Heartbeat => {
                Err(Fault::Method(rpc::MethodError::NotImplemented))
            }
        }
    }

    /// The envelope of an answer.
    pub(super) fn envelope(&self, id: String, done: Result<Value, Fault>) -> Answer {
        let (result, error) = match done {
            Ok(result) => (Some(result), None),
            Err(fault) => (None, Some(fault.name().to_owned())),
        };
        Answer { id, worker_id: self.own_id.to_string(), error, result }
    }

    fn reply(&self, id: String, done: Result<Value, Fault>) -> Reply {
        let status = done.as_ref().err().map_or(StatusCode::OK, |fault| fault.status());
        // An envelope is texts and JSON.
        let text = serde_json::to_vec(&self.envelope(id, done)).unwrap_or_default();
        (status, text.into())
    }
}

impl Call {
    /// What the method takes.
    pub(super) fn params<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        let params = self.params.as_ref().ok_or(Fault::InvalidParams)?;
        T::deserialize(params).map_err(|_| Fault::InvalidParams)
    }

    /// The lease under which it is called.
    pub(super) fn lease(&self) -> Result<Lease, Fault> {
        let lease = self.lease.as_ref().ok_or(LeaseError::Malformed)?;
        Ok(Lease::read(lease, Profile::Strict)?)
    }
}

fn respond((status, body): Reply) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

/// The method in metrics.
fn name(method: Method) -> &'static str {
    match method {
        Method::Spawn => "spawn",
        Method::Destroy => "destroy",
        Method::RenewLease => "renew_lease",
        Method::Status => "status",
        Method::Logs => "logs",
        Method::Shutdown => "shutdown",
        Method::Exec | Method::ExecStream | Method::File | Method::Heartbeat => "other",
    }
}
