//! What the routes of the control plane take and give. Source: control plane spec.

use serde_json::{Value, json};

use super::operation::{Operation, op};
use super::schema::{
    flag, form, int, int_of, list, map, named, object, open, or_null, text, text_of, time, words,
};

/// What events are about.
const KINDS: [&str; 9] =
    ["http", "auth", "ticket", "task", "revocation", "key", "config", "db", "gate"];

const ROLES: [&str; 5] = ["viewer", "api", "operator", "tenant_admin", "issuer"];

/// A route of the control plane, or beside both trees.
pub(super) fn describe(method: &str, path: &str) -> Option<Operation> {
    open_to_all(method, path).or_else(|| keys(method, path)).or_else(|| rest(method, path))
}

fn open_to_all(method: &str, path: &str) -> Option<Operation> {
    let ready = [("status", words(&["ok", "failed"])), ("checks", map(text()))];
    Some(match (method, path) {
        ("GET", "/live" | "/api/v1/live" | "/health/live") => {
            op("Whether the process serves").gives(200, &object([("status", words(&["ok"]))]))
        }
        ("GET", "/ready" | "/api/v1/ready" | "/health/ready") => {
            let state = object(ready);
            op("Whether it can do its work").gives(200, &state).gives(503, &state)
        }
        ("GET", "/health" | "/api/v1/health") => {
            let [status, checks] = ready;
            let state = object([status, checks, ("version", text()), ("uptime_seconds", int())]);
            op("Whether it can do its work, and since when").gives(200, &state).gives(503, &state)
        }
        ("GET", "/.well-known/jwks.json") => op("The public keys that verify what is signed here")
            .gives(200, &object([("keys", list(map(json!(true))))])),
        ("GET", "/openapi.json") => op("This description").gives(200, &map(json!(true))),
        ("GET", "/metrics") => op("Metrics of the process").gives_as(200, "text/plain", &text()),
        _ => return None,
    })
}

fn keys(method: &str, path: &str) -> Option<Operation> {
    let one = object([("key", key())]);
    let force = object([("force?", flag())]);
    Some(match (method, path) {
        ("GET", "/api/v1/admin/keys") => op("The keys of the server, and who has loaded them")
            .gives(
                200,
                &object([
                    ("keys", list(key())),
                    ("fleet", list(open([("member", text()), ("key_ids", list(text()))]))),
                    ("missing", list(text())),
                ]),
            ),
        ("POST", "/api/v1/admin/keys/{key}/rotate") => {
            op("Make a key, staged or the first").gives(201, &one).refuses(&[404, 409])
        }
        ("POST", "/api/v1/admin/keys/{key}/promote") => {
            op("Let a staged key sign").may_take(&force).gives(200, &one).refuses(&[404, 409])
        }
        ("POST", "/api/v1/admin/keys/{key}/retire") => op("Let a key verify nothing any more")
            .may_take(&force)
            .gives(200, &one)
            .refuses(&[404, 409]),
        ("GET", "/api/v1/admin/api-keys") => op("The API keys, newest first, without secrets")
            .query("limit", super::schema::limit())
            .query(
                "cursor",
                form("^key:[0-7][0-9A-HJKMNP-TV-Z]{25}$", "key:01HQXK5V8N3Y7M2P4R6T9W0ABC"),
            )
            .gives(200, &object([("api_keys", list(api_key())), ("next_cursor", or_null(text()))])),
        ("POST", "/api/v1/admin/api-keys") => op("Make an API key, shown once")
            .takes(&object([
                ("name", text_of(1, 100)),
                ("role", words(&ROLES)),
                ("tenant_id?", or_null(form("^[a-z0-9-]{1,64}$", "blue"))),
                ("expires_at?", or_null(time())),
                ("subjects?", list(text_of(1, 128))),
            ]))
            .gives(201, &object([("key", api_key()), ("api_key", text())])),
        ("DELETE", "/api/v1/admin/api-keys/{key}") => op("End an API key and what rests on it")
            .gives_nothing(204, "It is gone.")
            .refuses(&[404]),
        _ => return None,
    })
}

fn rest(method: &str, path: &str) -> Option<Operation> {
    Some(match (method, path) {
        ("GET", "/api/v1/events") => op(
            "What of the fleet changes, by name, as server-sent events",
        )
        .gives_as(200, "text/event-stream", &news()),
        ("POST", "/api/v1/admin/sign-in-links") => {
            op("Make a link that signs the caller in to the admin UI, once")
                .gives(201, &object([("url", text()), ("expires_at", time())]))
                .refuses(&[404])
        }
        ("GET", "/api/v1/me") => op("Who the caller is").gives(200, &me()),
        ("POST", "/api/v1/admin/reload") => op("Load the configuration anew")
            .gives(200, &object([("changed", list(text())), ("needs_restart", list(text()))]))
            .refuses(&[409]),
        ("GET", "/api/v1/admin/tickets") => op("The ledger of what was minted, newest first")
            .query("limit", super::schema::limit())
            .query("cursor", named("Ulid"))
            .query("class", words(&["capability", "worker-token", "jwt"]))
            .query("subject", text())
            .query("status", words(&["active", "expired", "revoked"]))
            .query("tenant_id", text())
            .query("q", text())
            .gives(200, &object([("tickets", list(entry())), ("next_cursor", or_null(text()))])),
        ("POST", "/api/v1/admin/tickets") => op("Mint a ticket, shown once")
            .takes(&open([("class", words(&["capability", "worker-token", "jwt"]))]))
            .gives(201, &object([("token", text()), ("entry", entry())])),
        ("GET", "/api/v1/admin/tickets/{id}") => {
            op("One entry of the ledger").gives(200, &object([("entry", entry())])).refuses(&[404])
        }
        ("POST", "/api/v1/admin/tickets/{id}/revoke") => op("Revoke a ticket of the ledger")
            .may_take(&object([("reason?", or_null(text_of(0, 512)))]))
            .gives(200, &object([("revocation", revocation())]))
            .refuses(&[404]),
        ("POST", "/api/v1/admin/worker-tokens") => op("Mint a token for a worker")
            .takes(&object([
                ("worker_id", text_of(1, 128)),
                ("ttl?", or_null(text())),
                ("scopes?", list(text())),
                ("audience?", or_null(text())),
                ("version?", or_null(int_of(1, 2))),
                ("not_before?", or_null(text())),
            ]))
            .gives(200, &open([("token", text()), ("token_id", text())])),
        ("GET", "/api/v1/admin/revocations") => op("What was revoked, newest first").paged().gives(
            200,
            &object([("revocations", list(revocation())), ("next_cursor", or_null(text()))]),
        ),
        ("POST", "/api/v1/admin/revocations") => op("Revoke, or see what that would end")
            .query("preview", flag())
            .takes(&object([
                ("kind", text()),
                ("value", text()),
                ("worker_id?", or_null(text())),
                ("issued_before?", or_null(int())),
                ("reason?", or_null(text_of(0, 512))),
            ]))
            .gives(200, &map(json!(true)))
            .gives(201, &object([("revocation", revocation())])),
        ("GET", "/api/v1/revocations/snapshot") => op("All revocations that count, signed")
            .gives_as(200, "application/jose", &text())
            .gives_nothing(304, "The caller has it."),
        ("GET", "/api/v1/revocations/stream") => {
            op("Revocations since one of them, signed, as server-sent events")
                .query("since", int())
                .header("Last-Event-ID", text())
                .gives_as(200, "text/event-stream", &revocation_event())
        }
        ("GET", "/api/v1/admin/audit") => audit_list(),
        ("GET", "/api/v1/admin/audit/head") => op("Where the audit chain stands")
            .gives(200, &object([("seq", int()), ("hash", text()), ("checkpoint_seq", int())])),
        _ => return None,
    })
}

fn audit_list() -> Operation {
    let page = object([
        ("events", list(open([("hash", text()), ("action", text())]))),
        ("next_cursor", or_null(text())),
    ]);
    let answers = json!({
        "application/json": { "schema": page },
        "application/jsonl": { "schema": text() },
        "text/csv": { "schema": text() },
    });
    op("What was done and denied: a page of it, newest first, or all of it, oldest first")
        .paged()
        .query("since", time())
        .query("until", time())
        .query("tenant", text())
        .query("actor", text())
        .query("kind", words(&KINDS))
        .query("action", text())
        .query("outcome", words(&["allowed", "denied", "error"]))
        .query("status", int_of(0, 65_535))
        .query("path", text())
        .query("request_id", text())
        .query("format", words(&["json", "jsonl", "csv"]))
        .gives_any(200, &answers)
}

/// One event of the feed; its data is a signed message, but of `reset`.
fn revocation_event() -> Value {
    let names = words(&["revocation", "alive", "reset"]);
    object([("id?", text()), ("event", names), ("data", text())])
}

fn news() -> Value {
    let names = words(&["listening", "workers", "tasks", "revocations", "audit"]);
    object([("event", names), ("data", text())])
}

fn me() -> Value {
    object([
        ("kind", words(&["user", "service", "agent"])),
        ("id", text()),
        ("roles", list(text())),
        ("scopes", list(text())),
        ("tenant_id", or_null(text())),
        ("home_realm", text()),
        ("class", text()),
        ("expires_at?", time()),
    ])
}

fn key() -> Value {
    object([
        ("id", text()),
        ("purpose", text()),
        ("algorithm", text()),
        ("state", words(&["staged", "active", "verifying", "retired"])),
        ("source", text()),
        ("created_at", or_null(time())),
        ("promoted_at", or_null(time())),
        ("demoted_at", or_null(time())),
        ("retired_at", or_null(time())),
    ])
}

fn api_key() -> Value {
    object([
        ("id", text()),
        ("name", text()),
        ("role", words(&ROLES)),
        ("tenant_id", or_null(text())),
        ("subjects", list(text())),
        ("created_at", time()),
        ("expires_at", or_null(time())),
    ])
}

fn entry() -> Value {
    object([
        ("id", named("Ulid")),
        ("class", text()),
        ("content_id", text()),
        ("token_id", or_null(text())),
        ("subject", text()),
        ("audience", or_null(text())),
        ("scopes", list(text())),
        ("key_id", text()),
        ("parent_id", or_null(text())),
        ("tenant_id", or_null(text())),
        ("issued_by", text()),
        ("issued_at", time()),
        ("not_before", or_null(time())),
        ("expires_at", or_null(time())),
        ("request_id", text()),
        ("status", words(&["active", "expired", "revoked"])),
    ])
}

fn revocation() -> Value {
    object([
        ("seq", int()),
        ("kind", text()),
        ("value", text()),
        ("at", time()),
        ("exp", or_null(time())),
        ("reason", or_null(text())),
        ("worker_id?", text()),
        ("issued_before?", json!({ "type": "integer" })),
    ])
}
