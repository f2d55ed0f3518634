//! The tools. Source: realm spec, section 9.

use serde_json::{Value, json};

use crate::openapi::operation::{Operation, op};
use crate::openapi::schema::{map, object, open, text, words};

pub(super) fn describe(method: &str, path: &str) -> Option<Operation> {
    Some(match (method, path) {
        ("POST", "/api/mcp") => op("One message of the Model Context Protocol, as JSON-RPC 2.0")
            .takes(&request())
            .gives(200, &reply())
            .gives_nothing(202, "A notification, which has no reply."),
        _ => return None,
    })
}

fn request() -> Value {
    open([
        ("jsonrpc", words(&["2.0"])),
        ("id?", id(&["string", "integer"])),
        ("method", words(&["initialize", "ping", "tools/list", "tools/call"])),
        ("params?", map(json!(true))),
    ])
}

fn reply() -> Value {
    let code = json!({ "type": "integer", "minimum": -32_768, "maximum": -32_000 });
    object([
        ("jsonrpc", words(&["2.0"])),
        ("id", id(&["string", "integer", "number", "null"])),
        ("result?", map(json!(true))),
        ("error?", object([("code", code), ("message", text())])),
    ])
}

fn id(types: &[&str]) -> Value {
    json!({ "type": types })
}
