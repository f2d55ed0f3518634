//! Nodes.

use serde_json::{Value, json};

use crate::openapi::operation::{Operation, op};
use crate::openapi::schema::{
    bytes, form, int, key, list, list_of, map, object, open, text, words,
};

pub(super) fn describe(method: &str, path: &str) -> Option<Operation> {
    Some(match (method, path) {
        ("POST", "/api/realm/{realm}/prepare-nodes") => op("Which nodes have to be uploaded")
            .takes(&open([("keys", list_of(key(), 1, 1000))]))
            .gives(200, &object([("missing", list(key())), ("exists", list(key()))])),
        ("PUT", "/api/realm/{realm}/nodes/{key}") => op("Store a node under its key")
            .header("Content-MD5", form("^[A-Za-z0-9+/]{21}[AQgw]==$", "1B2M2Y8AsgTpgAmY7PhCfg=="))
            .header("X-CAS-Blake3", form("^([0-9a-fA-F]{32}|[0-9a-fA-F]{64})$", &"0".repeat(64)))
            .takes_bytes()
            .gives(200, &object([("key", key()), ("kind", kind()), ("payloadSize", int())])),
        ("GET", "/api/realm/{realm}/nodes/{key}") => read("A node, or a range of its bytes")
            .gives_as(200, "application/octet-stream", &bytes()),
        ("GET", "/api/realm/{realm}/nodes/{key}/metadata") => {
            op("What a node is, without its data").gives(200, &metadata()).refuses(&[400])
        }
        ("GET", "/api/realm/{realm}/nodes/{key}/{*steps}") => {
            read("A node by its place below another, or what it is").gives_any(
                200,
                &json!({
                    "application/octet-stream": { "schema": bytes() },
                    "application/json": { "schema": metadata() },
                }),
            )
        }
        _ => return None,
    })
}

fn read(summary: &'static str) -> Operation {
    op(summary)
        .header("Range", text())
        .header("If-None-Match", text())
        .gives_as(206, "application/octet-stream", &bytes())
        .gives_nothing(304, "The caller has it already.")
        .refuses(&[400, 416])
}

fn metadata() -> Value {
    object([
        ("key", key()),
        ("kind", kind()),
        ("payloadSize", int()),
        ("children?", map(key())),
        ("contentType?", text()),
        ("fileSize?", int()),
        ("successor?", key()),
        ("successors?", list(key())),
    ])
}

fn kind() -> Value {
    words(&["dict", "successor", "file"])
}
