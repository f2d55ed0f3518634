//! What the routes of the content store take and give, a file per noun. Source: realm spec, section 5.

mod agents;
mod depots;
mod mcp;
mod nodes;
mod storage;
mod tickets;
mod users;

use serde_json::{Value, json};

use super::operation::{Operation, op};
use super::schema::{flag, int, map, millis, object, text, words};

/// A route of the content store.
pub(super) fn describe(method: &str, path: &str) -> Option<Operation> {
    let nouns = [
        nodes::describe,
        tickets::describe,
        depots::describe,
        agents::describe,
        users::describe,
        storage::describe,
        mcp::describe,
        rest,
    ];
    nouns.into_iter().find_map(|noun| noun(method, path))
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
                ("maxAgentTokenTtl", int()),
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
