//! What the routes of tasks take and give. Source: worker runtime spec, section 12.

use serde_json::{Value, json};

use super::operation::{Operation, op};
use super::schema::{
    flag, form, int, int_of, key, list, map, object, open, or_null, text, text_of, time, words,
};

const STATES: [&str; 7] =
    ["pending", "placed", "running", "succeeded", "failed", "cancelled", "expired"];

/// A route of tasks.
pub(super) fn describe(method: &str, path: &str) -> Option<Operation> {
    let one = object([("task", task())]);
    Some(match (method, path) {
        ("GET", "/api/v1/tasks") => op("The tasks of the caller's tenant, newest first")
            .query("state", words(&STATES))
            .query("capability", capability())
            .query("worker_id", form("^[A-Za-z0-9._:-]{1,128}$", "worker-a"))
            .paged()
            .gives(200, &object([("tasks", list(task())), ("next_cursor", or_null(text()))])),
        ("POST", "/api/v1/tasks") => op("Ask for something to be done by a worker")
            .query("dry_run", flag())
            .header("Idempotency-Key", text_of(1, 128))
            .takes(&request())
            .gives(202, &one)
            .gives(200, &json!({ "anyOf": [one.clone(), decision()] }))
            .refuses(&[409]),
        ("GET", "/api/v1/tasks/{task}") => op("A task").gives(200, &task()).refuses(&[404]),
        ("GET", "/api/v1/tasks/{task}/events") => {
            op("What became of a task, and what becomes of it, until it is over")
                .query("since", int())
                .gives_as(200, "text/event-stream", &text())
                .refuses(&[404])
        }
        ("POST", "/api/v1/tasks/{task}/cancel") => op("End a task that is not over")
            .may_take(&object([("reason?", or_null(text_of(0, 512)))]))
            .gives(202, &task())
            .refuses(&[404, 409]),
        _ => return None,
    })
}

fn capability() -> Value {
    let mut id = form("^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$", "image.thumbnail");
    id["maxLength"] = 128.into();
    id
}

fn request() -> Value {
    let text = || or_null(text_of(1, 256));
    object([
        ("capability", capability()),
        ("version?", or_null(form("^[0-9]+[.][0-9]+[.][0-9]+$", "1.0.0"))),
        ("verb?", text()),
        ("realm?", text()),
        ("input?", list(key())),
        ("params?", map(json!(true))),
        (
            "limits?",
            object([
                ("timeout?", or_null(form("^[1-9][0-9]{0,3}(ms|s|m)$", "5m"))),
                ("output_bytes?", or_null(int())),
                ("max_attempts?", or_null(int_of(1, 10))),
            ]),
        ),
        ("labels?", map(text_of(0, 63))),
        ("requires_gpu?", or_null(flag())),
        ("image?", text()),
        ("provider?", text()),
        ("network?", text()),
    ])
}

fn task() -> Value {
    let limits = object([("timeout_ms", int()), ("output_bytes", int())]);
    object([
        ("id", text()),
        ("capability", text()),
        ("version", text()),
        ("verb?", text()),
        ("image", text()),
        ("provider", text()),
        ("network", text()),
        ("state", words(&STATES)),
        ("attempt", int()),
        ("max_attempts", int()),
        ("worker_id?", text()),
        ("realm", text()),
        ("input", list(key())),
        ("params", map(json!(true))),
        ("output?", key()),
        ("labels", map(text())),
        ("requires_gpu", flag()),
        ("limits", limits),
        ("progress?", open([("message", text())])),
        ("error?", object([("code", text()), ("message", text()), ("retryable", flag())])),
        ("created_by", text()),
        ("tenant_id?", text()),
        ("created_at", time()),
        ("placed_at?", time()),
        ("started_at?", time()),
        ("finished_at?", time()),
        ("deadline?", time()),
    ])
}

fn decision() -> Value {
    object([
        ("decision", words(&["allow", "deny"])),
        ("checks", list(open([("resource_type", text()), ("value", text())]))),
        ("candidates", list(text())),
    ])
}
