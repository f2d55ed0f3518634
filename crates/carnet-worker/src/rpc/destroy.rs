//! `worker.destroy`: end a task.

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

/// Ends a task, about which nothing more is reported. One that is not here is ended already.
pub(super) fn run(rpc: &Rpc, call: &Call) -> Result<Value, Fault> {
    let Params { sandbox_id, provider } = call.params()?;
    let task: TaskId = sandbox_id.parse().map_err(|_| Fault::InvalidParams)?;
    rpc.tasks.accept(&task, &call.lease()?)?;
    if provider != PROVIDER {
        return Err(Fault::NoProvider);
    }
    rpc.tasks.destroy(&task);
    Ok(json!({ "sandbox_id": sandbox_id, "state": "destroyed" }))
}
