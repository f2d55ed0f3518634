//! `worker.renew_lease`: renew the lease of a task now.

use std::time::Duration;

use carnet_ticket::duration::parse_duration;
use carnet_ticket::task::TaskId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::{Fault, Rpc};
use crate::control_plane::RenewError;
use crate::fetch::FetchError;
use crate::lease::{TTL_MAX, TTL_MIN};
use crate::pause::within;

/// How long it may take.
const RENEW_MAX: Duration = Duration::from_secs(10);

/// What it takes.
#[derive(Deserialize)]
struct Params {
    resource_id: String,
    ttl: String,
}

/// Has the lease renewed; the lease from now on.
pub(super) async fn run(rpc: &Rpc, call: &Call) -> Result<Value, Fault> {
    let Params { resource_id, ttl } = call.params()?;
    let task: TaskId = resource_id.parse().map_err(|_| Fault::InvalidParams)?;
    let ttl = parse_duration(&ttl).filter(|ttl| (TTL_MIN..=TTL_MAX).contains(ttl));
    let ttl = ttl.ok_or(Fault::InvalidParams)?;
    rpc.tasks.accept(&task, &call.lease()?)?;
    let attempt = rpc.tasks.find(&task).ok_or(Fault::NoSandbox)?;
    match within(&rpc.clock, RENEW_MAX, rpc.tasks.renew(&attempt, ttl)).await {
        Some(Ok(lease)) => Ok(json!({ "lease": lease.to_json() })),
        Some(Err(RenewError::Fetch(FetchError::TimedOut))) | None => Err(Fault::Timeout),
        Some(Err(error)) => {
            tracing::info!(%task, %error, "a lease was not renewed");
            Err(Fault::RenewRefused)
        }
    }
}
