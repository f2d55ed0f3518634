//! `worker.shutdown`: end the worker.

use serde_json::{Value, json};

use super::Rpc;

/// Begins no task from here on, and ends like after SIGTERM: what goes on may finish.
pub(super) fn run(rpc: &Rpc) -> Value {
    rpc.health.stopping();
    rpc.tasks.refuse();
    rpc.asked_to_end.cancel();
    json!({ "state": "draining" })
}
