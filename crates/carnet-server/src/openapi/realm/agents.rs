//! Agents: their tokens, and clients with a key of their own. Source: realm spec, sections 4 and 5.

use serde_json::{Value, json};

use crate::openapi::operation::{Operation, op};
use crate::openapi::schema::{
    form, int, list, millis, object, open, or_null, positive, text, text_of, words,
};

const TOKENS: &str = "/api/auth/tokens";
const TOKEN: &str = "/api/auth/tokens/{token}";
const CLIENTS: &str = "/api/auth/clients";
const CLIENT: &str = "/api/auth/clients/{client}";

pub(super) fn describe(method: &str, path: &str) -> Option<Operation> {
    let success = object([("success", json!({ "const": true }))]);
    Some(match (method, path) {
        ("GET", TOKENS) => op("The live tokens of the caller's agents, newest first")
            .gives(200, &object([("tokens", list(token()))])),
        ("POST", TOKENS) => op("Make a token for an agent, shown once")
            .takes(&new_token())
            .gives(201, &made_token())
            .refuses(&[409])
            .names("id", "token", &[("DELETE", TOKEN)]),
        ("DELETE", TOKEN) => {
            op("Revoke an agent's token, and the tickets it issued").gives(200, &success)
        }
        ("POST", "/api/auth/clients/init") => op("Ask for a client to be approved")
            .takes(&open([("pubkey", text_of(1, 512)), ("clientName", name())]))
            .gives(200, &asked())
            .refuses(&[429])
            .names("clientId", "client", &[("GET", CLIENT), ("DELETE", CLIENT)]),
        ("POST", "/api/auth/clients/complete") => op("Approve a client by the code that it shows")
            .takes(&open([("clientId", client_id()), ("verificationCode", text())]))
            .gives(
                200,
                &object([
                    ("success", json!({ "const": true })),
                    ("clientId", client_id()),
                    ("expiresAt", millis()),
                ]),
            )
            .refuses(&[409]),
        ("GET", CLIENTS) => op("The clients that act for the caller, newest first")
            .gives(200, &object([("items", list(client()))])),
        ("GET", CLIENT) => op("Whether a client is approved")
            .gives(200, &state())
            .gives(404, &unknown())
            .refuses(&[429]),
        ("DELETE", CLIENT) => op("Revoke a client, and the tickets it issued").gives(200, &success),
        _ => return None,
    })
}

/// What people call something: it can be shown.
fn name() -> Value {
    let mut name = form("^[^\\x00-\\x1f\\x7f-\\x9f]*$", "nightly");
    (name["minLength"], name["maxLength"]) = (json!(1), json!(100));
    name
}

fn client_id() -> Value {
    form("^client:[0-9A-HJKMNP-TV-Z]{25}[048CGMRW]$", "client:71T2Q1HR9WGYF5GFNHH34G1SZ8")
}

fn new_token() -> Value {
    let mut description = form("^[^\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f]*$", "at night");
    description["maxLength"] = json!(500);
    open([
        ("name", name()),
        ("description?", or_null(description)),
        ("expiresIn?", or_null(positive())),
    ])
}

fn token() -> Value {
    object([
        ("id", text()),
        ("name", text()),
        ("description?", text()),
        ("expiresAt", millis()),
        ("createdAt", millis()),
    ])
}

fn made_token() -> Value {
    let mut made = token();
    made["properties"]["token"] = text();
    made["required"] = json!(["id", "token", "name", "expiresAt", "createdAt"]);
    made
}

fn asked() -> Value {
    object([
        ("clientId", client_id()),
        ("authUrl", text()),
        ("displayCode", text()),
        ("expiresIn", int()),
        ("pollInterval", int()),
    ])
}

fn client() -> Value {
    object([
        ("clientId", client_id()),
        ("pubkey", text()),
        ("clientName", text()),
        ("createdAt", millis()),
        ("expiresAt", millis()),
    ])
}

fn state() -> Value {
    object([
        ("status", words(&["pending", "authorized"])),
        ("clientId", client_id()),
        ("clientName?", text()),
        ("expiresAt", millis()),
    ])
}

fn unknown() -> Value {
    object([
        ("status", words(&["not_found"])),
        ("error", words(&["not_found"])),
        ("message", text()),
    ])
}
