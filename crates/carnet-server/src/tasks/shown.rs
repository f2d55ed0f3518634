//! What others see of a task.

use carnet_store::{TaskEvent, TaskRow};
use carnet_ticket::time::Timestamp;
use serde_json::{Value, json};

/// A task. The ticket of its attempt is its worker's alone.
pub(crate) fn task(row: &TaskRow) -> Value {
    let (task, spec) = (&row.task, &row.task.spec);
    let mut shown = json!({
        "id": task.id.to_string(),
        "capability": spec.capability,
        "version": spec.version,
        "image": spec.image,
        "provider": spec.provider,
        "network": spec.network,
        "state": row.life.state.as_str(),
        "attempt": row.life.attempt,
        "max_attempts": row.life.max_attempts,
        "realm": task.realm.to_string(),
        "input": spec.input,
        "params": spec.params,
        "labels": spec.labels,
        "requires_gpu": spec.requires_gpu,
        "limits": {
            "timeout_ms": spec.timeout_ms,
            "output_bytes": spec.output_bytes,
        },
        "created_by": task.created_by,
        "created_at": task.created_at.to_string(),
    });
    let moment = |at: Option<Timestamp>| at.map(|at| Value::from(at.to_string()));
    let maybe = [
        ("verb", spec.verb.as_deref().map(Value::from)),
        ("worker_id", row.worker_id.as_ref().map(|worker| worker.as_str().into())),
        ("output", row.output.map(|output| output.to_string().into())),
        ("progress", row.progress.as_ref().map(|progress| json!(progress))),
        ("error", row.error.as_ref().map(|error| json!(error))),
        ("tenant_id", task.tenant_id.as_deref().map(Value::from)),
        ("placed_at", moment(row.placed_at)),
        ("started_at", moment(row.started_at)),
        ("finished_at", moment(row.finished_at)),
        ("deadline", moment(row.deadline)),
    ];
    for (name, value) in maybe {
        if let Some(value) = value {
            shown[name] = value;
        }
    }
    shown
}

/// Something that became of a task, as streams tell it; the end comes with all of it.
pub(crate) fn event(row: &TaskRow, event: &TaskEvent) -> Value {
    let mut data =
        if event.kind == "end" { json!({ "task": task(row) }) } else { event.data.clone() };
    data["seq"] = event.seq.into();
    data["at"] = event.at.to_string().into();
    data["task_id"] = row.task.id.to_string().into();
    data
}
