//! What the routes that show and manage workers take and give. Source: worker runtime spec, section 9.

use serde_json::Value;

use super::operation::{Operation, op};
use super::schema::{
    flag, form, int, limit, list, map, number, object, open, or_null, text, text_of, time, words,
};

/// A route of workers.
pub(super) fn describe(method: &str, path: &str) -> Option<Operation> {
    let reason = object([("reason?", or_null(text_of(0, 512)))]);
    let ordered = |summary| op(summary).may_take(&reason).gives(200, &worker());
    Some(match (method, path) {
        ("GET", "/api/v1/workers") => op("Workers that have registered, by id")
            .query("limit", limit())
            .query("cursor", form("^[A-Za-z0-9._:-]{1,128}$", "worker-656bc5db"))
            .gives(200, &object([("workers", list(worker())), ("next_cursor", or_null(text()))])),
        ("GET", "/api/v1/workers/{id}") => {
            op("A worker that has registered").gives(200, &worker()).refuses(&[404])
        }
        ("POST", "/api/v1/worker/{id}/heartbeat") => {
            op("A worker of StacyVM says that it is there")
                .takes(&open([
                    ("hostname?", text()),
                    ("status?", text()),
                    ("providers?", list(text())),
                    ("capabilities?", list(text())),
                    ("key_ids?", list(text())),
                    ("instance?", text()),
                    ("labels?", map(text())),
                    ("capability_schemas?", list(open([]))),
                    ("active?", int()),
                    ("load_score?", number()),
                ]))
                .gives(200, &worker())
                .refuses(&[404])
        }
        ("POST", "/api/v1/worker/{id}/leases/{resource}/renew") => {
            op("A worker goes on with what it has")
                .takes(&object([("ttl", text())]))
                .gives(
                    200,
                    &object([("lease", open([("generation", int()), ("expires_at", time())]))]),
                )
                .refuses(&[404, 409])
        }
        ("POST", "/api/v1/worker/{id}/tasks/{task}/events") => op("What a worker says of a task")
            .takes(&open([("kind", words(&["started", "progress", "log", "succeeded", "failed"]))]))
            .gives_nothing(204, "It is written down.")
            .refuses(&[404, 409]),
        ("GET", "/api/v1/worker/{id}/revocations") => op("The revocation feed, for a worker")
            .query("since", int())
            .gives_as(200, "text/event-stream", &text())
            .refuses(&[404]),
        ("POST", "/api/v1/admin/workers/{id}/cordon") => {
            ordered("Give a worker no more work").refuses(&[404])
        }
        ("POST", "/api/v1/admin/workers/{id}/uncordon") => {
            ordered("Give a worker that was cordoned or drained work again").refuses(&[404])
        }
        ("POST", "/api/v1/admin/workers/{id}/drain") => {
            ordered("Have a worker finish what it has").refuses(&[404])
        }
        ("POST", "/api/v1/admin/workers/{id}/quarantine") => {
            ordered("Keep a worker out, and revoke everything that its identity has")
                .refuses(&[404, 409])
        }
        ("POST", "/api/v1/admin/workers/{id}/release") => {
            ordered("Let a quarantined worker be enrolled again").refuses(&[404, 409])
        }
        ("DELETE", "/api/v1/admin/workers/{id}") => {
            op("Forget a worker, and revoke everything that its identity has")
                .gives(200, &object([("status", words(&["deleted"]))]))
                .refuses(&[404])
        }
        _ => return None,
    })
}

fn worker() -> Value {
    object([
        ("id", text()),
        ("name", text()),
        ("spiffe_id", or_null(text())),
        ("service_type", text()),
        ("hostname", or_null(text())),
        ("endpoint", or_null(text())),
        ("rpc_url", or_null(text())),
        ("status", words(&["online", "draining"])),
        ("providers", list(text())),
        ("capabilities", list(text())),
        ("labels", map(text())),
        (
            "capacity",
            object([
                ("max_sandboxes", or_null(int())),
                ("max_sandboxes_per_owner?", int()),
                ("preview_domain?", text()),
                ("rpc_url?", or_null(text())),
            ]),
        ),
        ("load_score", number()),
        ("active_tasks", int()),
        ("state", words(&["online", "lost", "draining", "cordoned", "quarantined"])),
        ("state_reason", or_null(text())),
        ("stale", flag()),
        ("instance", or_null(text())),
        ("serial", or_null(text())),
        ("cert_expires_at", or_null(time())),
        ("bundle_seq", or_null(int())),
        ("key_ids", list(text())),
        ("revocation_seq", or_null(int())),
        ("last_heartbeat", time()),
        ("created_at", time()),
        ("updated_at", time()),
    ])
}
