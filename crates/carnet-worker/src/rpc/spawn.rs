//! `worker.spawn`: begin a task.

use carnet_ticket::rpc::{Spawn, Spawned};
use carnet_ticket::task::TaskId;
use carnet_ticket::time::Timestamp;
use serde_json::{Value, json};

use super::call::Call;
use super::{Fault, PROVIDER, Rpc};
use crate::task::Asked;

/// Begins a task. It is answered at once; how the task goes is reported to the control plane.
pub(super) fn run(rpc: &Rpc, call: &Call) -> Result<Value, Fault> {
    let spawn: Spawn = call.params()?;
    let is_task = spawn.provider == PROVIDER;
    let task: Option<TaskId> = spawn.sandbox_id.parse().ok();
    let deadline = spawn.task.as_ref().map(|order| Timestamp::from_rfc3339(&order.deadline));
    if is_task && !matches!((task, deadline), (Some(_), Some(Some(_)))) {
        return Err(Fault::InvalidParams);
    }
    let lease = call.lease()?;
    let (Some(task), Some(Some(deadline)), Some(order)) = (task, deadline, spawn.task) else {
        return Err(Fault::NoProvider);
    };
    rpc.tasks.accept(&task, &lease)?;
    if !is_task {
        return Err(Fault::NoProvider);
    }
    let capability = order.capability.clone();
    rpc.tasks.spawn(Asked { task, lease, order, deadline })?;
    tracing::info!(%task, capability, "a task was begun");
    let spawned = Spawned {
        sandbox_id: spawn.sandbox_id,
        state: "running".to_owned(),
        provider: spawn.provider,
        worker_id: rpc.own_id.to_string(),
    };
    Ok(json!(spawned))
}
