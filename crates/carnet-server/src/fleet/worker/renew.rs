//! `POST /api/v1/worker/{id}/leases/{resource}/renew`: a worker goes on with what it has.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Json;
use axum::{Extension, http::HeaderMap};
use carnet_store::LeaseFault;
use carnet_ticket::task::{LEASE_HEADER, LeaseMark};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fleet::FleetPeer;
use crate::fleet::registry::{own, refused, worker_id};
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    ttl: String,
}

pub(crate) async fn renew(
    State(app): State<App>,
    Extension(peer): Extension<FleetPeer>,
    Path((id, resource)): Path<(String, String)>,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let id = worker_id(&id)?;
    own(&peer, &id)?;
    let owned = app.registry().own(&id, peer.speaker());
    owned.map_err(|error| refused(&peer, &error))?;
    let Input { ttl } = body::json(&app, &headers, request).await?;
    let ttl = carnet_config::parse_duration(&ttl);
    let ttl = ttl.ok_or_else(|| Problem::invalid("BadDuration", "ttl"))?;
    let (now, holder) = (app.clock().now(), id.clone());
    let renewed = match mark(&app, &id, &headers) {
        Some(mark) => app.store().renew_lease(resource, holder, mark, ttl, now).await,
        None => Err(LeaseFault::NotHeld),
    };
    let result = |result: &'static str| {
        metrics::counter!("carnet_lease_ops_total", "op" => "renew", "result" => result)
            .increment(1);
    };
    match renewed {
        Ok(lease) => {
            result("ok");
            Ok(Json(json!({ "lease": lease.to_json() })))
        }
        Err(LeaseFault::TtlOutOfRange) => Err(Problem::invalid("OutOfRange", "ttl")),
        Err(LeaseFault::Store(error)) => Err(error.into()),
        Err(error) => {
            result("refused");
            tracing::info!(worker = %id, %error, "a lease was not renewed");
            Err(super::stale_lease(&peer))
        }
    }
}

/// The process that asks, and how new its lease is: as it says. A worker of StacyVM's says nothing: then it is the
/// process that registered, with whatever it has.
fn mark(
    app: &App,
    id: &carnet_ticket::identity::WorkerId,
    headers: &HeaderMap,
) -> Option<LeaseMark> {
    if let Some(mark) = headers.get(LEASE_HEADER) {
        return mark.to_str().ok()?.parse().ok();
    }
    let worker = app.registry().worker(id)?;
    Some(LeaseMark { instance: worker.said?.instance?, generation: u64::MAX })
}
