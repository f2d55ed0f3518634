//! What the routes of the content store take and give. Source: realm spec, sections 5 and 7.

use serde_json::{Value, json};

use super::operation::{Operation, op};
use super::schema::{
    bytes, flag, form, int, int_of, key, list, list_of, map, millis, named, object, open, or_null,
    positive, text, text_of, words,
};

/// A route of the content store.
pub(super) fn describe(method: &str, path: &str) -> Option<Operation> {
    nodes(method, path).or_else(|| tickets(method, path)).or_else(|| rest(method, path))
}

fn rest(method: &str, path: &str) -> Option<Operation> {
    Some(match (method, path) {
        ("GET", "/api/openapi.json") => op("This description").gives(200, &map(json!(true))),
        ("GET", "/api/health") => op("Whether the content store serves")
            .gives(200, &object([("status", words(&["ok"])), ("service", words(&["casfa-v2"]))])),
        ("GET", "/api/info") => op("What the content store is and takes").gives(200, &info()),
        ("GET", "/api/oauth/me") => op("Who the caller is in the content store").gives(200, &me()),
        ("GET", "/api/realm/{realm}") => op("The form of the realm's nodes").gives(
            200,
            &object([("realm", text()), ("nodeLimit", int()), ("maxNameBytes", int())]),
        ),
        ("GET", "/api/realm/{realm}/usage") => op("What the realm holds").gives(
            200,
            &object([
                ("realm", text()),
                ("physicalBytes", int()),
                ("logicalBytes", int()),
                ("nodeCount", int()),
                ("quotaLimit", int()),
                ("updatedAt", millis()),
            ]),
        ),
        _ => return None,
    })
}

fn nodes(method: &str, path: &str) -> Option<Operation> {
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

fn tickets(method: &str, path: &str) -> Option<Operation> {
    Some(match (method, path) {
        ("GET", "/api/realm/{realm}/tickets") => {
            op("The tickets of the realm, newest first").paged().query("status", status()).gives(
                200,
                &object([
                    ("tickets", list(named_ticket(false))),
                    ("hasMore", flag()),
                    ("nextCursor?", text()),
                ]),
            )
        }
        ("POST", "/api/realm/{realm}/tickets") => {
            op("Make a ticket for one task").takes(&new_ticket()).gives(200, &made_ticket())
        }
        ("GET", "/api/realm/{realm}/tickets/{ticket}") => {
            op("A ticket, now or when something has become of it")
                .query("wait", int_of(0, 60))
                .gives(200, &named_ticket(true))
        }
        ("DELETE", "/api/realm/{realm}/tickets/{ticket}") => op("Delete a ticket, whoever made it")
            .gives(200, &object([("success", json!({ "const": true }))])),
        ("GET", "/api/realm/{realm}/tickets/{ticket}/events") => op(
            "What becomes of a ticket, as server-sent events",
        )
        .gives_as(200, "text/event-stream", &text()),
        ("POST", "/api/realm/{realm}/tickets/{ticket}/commit") => {
            op("Give a ticket its one output")
                .takes(&open([("output", key())]))
                .gives(200, &ended(&["committed"]))
                .refuses(&[409])
        }
        ("POST", "/api/realm/{realm}/tickets/{ticket}/revoke") => {
            op("Revoke a ticket of one's own")
                .gives(200, &ended(&["revoked", "archived"]))
                .refuses(&[409])
        }
        _ => return None,
    })
}

fn info() -> Value {
    object([
        ("service", words(&["casfa-v2"])),
        ("server", words(&["carnet"])),
        ("version", text()),
        ("storage", words(&["memory", "fs", "s3"])),
        ("auth", words(&["mock", "cognito", "tokens-only"])),
        ("database", words(&["local", "postgres"])),
        (
            "limits",
            object([
                ("maxNodeSize", int()),
                ("maxNameBytes", int()),
                ("maxCollectionChildren", int()),
                ("maxPayloadSize", int()),
                ("maxTicketTtl", int()),
                ("maxAgentTokenTtl?", int()),
            ]),
        ),
        ("features", object([("jwtAuth", flag()), ("oauthLogin", flag()), ("awpAuth", flag())])),
    ])
}

fn me() -> Value {
    object([
        ("userId", text()),
        ("email?", text()),
        ("name?", text()),
        ("realm", text()),
        ("role", words(&["unauthorized", "authorized", "admin"])),
    ])
}

fn kind() -> Value {
    words(&["dict", "successor", "file"])
}

fn status() -> Value {
    words(&["issued", "committed", "revoked", "archived"])
}

/// What a ticket's uploads keep to.
fn config() -> Value {
    object([
        ("nodeLimit", int()),
        ("maxNameBytes", int()),
        ("quota?", positive()),
        ("accept?", list(text())),
    ])
}

fn new_ticket() -> Value {
    let pattern = form("^(\\*/\\*|[a-z0-9]{1,32}/(\\*|[a-z0-9.+-]{1,64}))$", "image/*");
    let writable =
        object([("quota?", or_null(positive())), ("accept?", or_null(list_of(pattern, 1, 64)))]);
    object([
        ("input?", or_null(list_of(key(), 0, 1000))),
        ("purpose?", or_null(text_of(0, 500))),
        ("writable?", or_null(writable)),
        ("expiresIn?", or_null(positive())),
    ])
}

fn made_ticket() -> Value {
    object([
        ("ticketId", named("TicketId")),
        ("realm", text()),
        ("input?", list(key())),
        ("writable", flag()),
        ("config", config()),
        ("expiresAt", millis()),
    ])
}

/// A ticket as a row of the list, or by itself.
fn named_ticket(is_whole: bool) -> Value {
    let mut schema = object([
        ("ticketId", named("TicketId")),
        ("status", status()),
        ("purpose?", text()),
        ("input?", list(key())),
        ("output", or_null(key())),
        ("isRevoked", flag()),
        ("issuerId", text()),
        ("createdAt", millis()),
        ("expiresAt", millis()),
        ("writable", flag()),
        ("live", flag()),
    ]);
    if is_whole {
        schema["properties"]["realm"] = text();
        schema["properties"]["config"] = config();
    }
    schema
}

/// A ticket that was committed or revoked.
fn ended(statuses: &[&str]) -> Value {
    object([
        ("success", json!({ "const": true })),
        ("status", words(statuses)),
        ("output?", key()),
        ("isRevoked", flag()),
    ])
}
