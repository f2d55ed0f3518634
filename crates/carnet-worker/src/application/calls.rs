//! [`Calls`]: where the control plane asks a worker for tasks.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::access::{Access, enter};
use super::plan::Plan;
use super::standing::Standing;
use super::{ClientAuth, core};
use crate::control_plane::ControlPlane;
use crate::error::WorkerError;
use crate::health::Health;
use crate::listener::Listener;
use crate::registry;
use crate::rpc::{self, Rpc};
use crate::task::Tasks;

/// The tasks of a worker, and where it is asked for them: on its HTTPS port, or on a port of their own.
pub(super) struct Calls {
    pub(super) tasks: Arc<Tasks>,
    /// Where, if it takes any.
    pub(super) url: Option<String>,
    /// What answers on the HTTPS port.
    pub(super) beside: Option<Rpc>,
    /// The port of their own, where a certificate is demanded in the handshake.
    pub(super) apart: Option<(Listener, Router)>,
}

impl Calls {
    /// Those of `plan`. A worker without handlers or without a control plane takes none.
    pub(super) async fn new(
        plan: &Plan,
        standing: &Standing,
        health: &Arc<Health>,
        asked_to_end: &CancellationToken,
    ) -> Result<Self, WorkerError> {
        let own_id = health.worker_id().clone();
        let plane = plan.control_plane(standing).map(|url| standing.plane(url)).transpose()?;
        let control = plane.map(|plane| ControlPlane::new(plane, own_id.clone()));
        let (instance, clock) = (registry::instance(), standing.clock().clone());
        let places = (plan.capacity, plan.offers.clone());
        let tasks = Arc::new(Tasks::new(own_id, instance, clock.clone(), places, control));
        let mut calls = Self { tasks: Arc::clone(&tasks), url: None, beside: None, apart: None };
        if !tasks.are_taken() {
            return Ok(calls);
        }
        let deployed = standing.deployed().cloned();
        let rpc = Rpc::new(tasks, Arc::clone(health), deployed, clock, asked_to_end.clone());
        match plan.rpc_address {
            None => calls.beside = Some(rpc),
            Some(address) => {
                let listener = Listener::bind(standing.checked(address)?).await?;
                let base = standing.url(&plan.host(standing), listener.address().port());
                calls.url = Some(format!("{base}{}", rpc::PATH));
                calls.apart = Some((listener, router(rpc, health)));
            }
        }
        Ok(calls)
    }
}

/// What the port of their own serves.
fn router(rpc: Rpc, health: &Arc<Health>) -> Router {
    let worker_id = health.worker_id().to_string();
    let alive = json!({ "status": "ok", "worker_id": worker_id });
    let access = Access::new(ClientAuth::Required, &[], Arc::clone(health), true);
    rpc::router(rpc)
        .route("/health", get(async || axum::Json(alive)))
        .fallback(core::not_found)
        .method_not_allowed_fallback(core::method_not_allowed)
        .layer(from_fn_with_state(Arc::new(access), enter))
}
