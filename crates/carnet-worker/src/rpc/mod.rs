//! `POST /rpc`: what the control plane asks of a worker. Source: worker runtime spec, section 11.
//!
//! Only a certificate of a control plane may ask, and it may ask for everything: no token is sent. Where certificates are
//! not the fleet's own, whoever asks needs a token besides, with the scope of the method. Each call is done once: whoever
//! asks again under the same id gets the first answer.

mod call;
mod caller;
mod destroy;
mod fault;
mod logs;
mod renew_lease;
mod replies;
mod shutdown;
mod spawn;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use carnet_gate::Clock;
use carnet_ticket::identity::WorkerId;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

pub use fault::Fault;
pub use replies::{Begun, Replies};

use crate::deployed::Deployed;
use crate::health::Health;
use crate::task::Tasks;

/// Where calls go.
pub(crate) const PATH: &str = "/rpc";

/// What runs tasks, in every call that names one.
pub(crate) const PROVIDER: &str = "task";

/// What calls are answered with.
pub(crate) struct Rpc {
    pub(crate) own_id: WorkerId,
    pub(crate) clock: Clock,
    pub(crate) tasks: Arc<Tasks>,
    pub(crate) health: Arc<Health>,
    /// Where keys come from for the tokens of callers that are no members of the fleet.
    deployed: Option<Arc<Deployed>>,
    /// The worker is asked to end.
    pub(crate) asked_to_end: CancellationToken,
    replies: Mutex<Replies<Reply>>,
}

/// An answer, as it was given the first time.
type Reply = (StatusCode, Bytes);

impl Rpc {
    pub(crate) fn new(
        tasks: Arc<Tasks>,
        health: Arc<Health>,
        deployed: Option<Arc<Deployed>>,
        clock: Clock,
        asked_to_end: CancellationToken,
    ) -> Self {
        let own_id = health.worker_id().clone();
        Self { own_id, clock, tasks, health, deployed, asked_to_end, replies: Mutex::default() }
    }
}

/// The one route.
pub(crate) fn router(rpc: Rpc) -> Router {
    Router::new().route(PATH, post(call::call)).with_state(Arc::new(rpc))
}
