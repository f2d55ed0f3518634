//! `worker.status`: how a task is.

use carnet_ticket::task::TaskId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::{Fault, PROVIDER, Rpc};

/// What it takes.
#[derive(Deserialize)]
struct Params {
    sandbox_id: String,
    provider: String,
}

/// Tells whether the task goes on here.
pub(super) fn run(rpc: &Rpc, call: &Call) -> Result<Value, Fault> {
    let Params { sandbox_id, provider } = call.params()?;
    if provider != PROVIDER {
        return Err(Fault::NoProvider);
    }
    let task: TaskId = sandbox_id.parse().map_err(|_| Fault::InvalidParams)?;
    let attempt = rpc.tasks.find(&task).ok_or(Fault::NoSandbox)?;
    Ok(json!({
        "sandbox_id": sandbox_id,
        "state": attempt.state(),
        "provider": provider,
        "worker_id": rpc.own_id.as_str(),
    }))
}
