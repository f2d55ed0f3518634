//! Nodes.

use serde_json::Value;

use crate::openapi::operation::{Operation, op};
use crate::openapi::schema::{bytes, form, int, key, list, map, object, text, words};

pub(super) fn describe(method: &str, path: &str) -> Option<Operation> {
    Some(match (method, path) {
        ("PUT", "/api/realm/{realm}/nodes/{key}") => op("Store a node under its key")
            .header("Content-MD5", form("^[A-Za-z0-9+/]{21}[AQgw]==$", "1B2M2Y8AsgTpgAmY7PhCfg=="))
            .header(
                "X-CAS-Blake3",
                form("^([0-9a-fA-F]{32}|[0-9a-fA-F]{64})$", "00000000000000000000000000000000"),
            )
            .takes_bytes()
            .gives(200, &object([("key", key()), ("kind", kind()), ("payloadSize", int())])),
        ("GET", "/api/realm/{realm}/nodes/{key}") => op("A node, or a range of its bytes")
            .header("Range", text())
            .header("If-None-Match", text())
            .gives_as(200, "application/octet-stream", &bytes())
            .gives_as(206, "application/octet-stream", &bytes())
            .gives_nothing(304, "The caller has it already.")
            .refuses(&[400, 416]),
        ("GET", "/api/realm/{realm}/nodes/{key}/metadata") => {
            op("What a node is, without its data")
                .gives(
                    200,
                    &object([
                        ("key", key()),
                        ("kind", kind()),
                        ("payloadSize", int()),
                        ("children?", map(key())),
                        ("contentType?", text()),
                        ("fileSize?", int()),
                        ("successor?", key()),
                        ("successors?", list(key())),
                    ]),
                )
                .refuses(&[400])
        }
        _ => return None,
    })
}

fn kind() -> Value {
    words(&["dict", "successor", "file"])
}
