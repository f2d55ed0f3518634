//! The words in which descriptions say what JSON looks like.

#![expect(clippy::needless_pass_by_value, reason = "words are put together and handed on")]

use serde_json::{Map, Value, json};

use crate::routes::NUMBER_MAX;

/// Any text.
pub(super) fn text() -> Value {
    json!({ "type": "string" })
}

/// A text of so many characters.
pub(super) fn text_of(min: u64, max: u64) -> Value {
    json!({ "type": "string", "minLength": min, "maxLength": max })
}

/// A number that need not be whole.
pub(super) fn number() -> Value {
    json!({ "type": "number" })
}

/// A text of this form.
pub(super) fn form(pattern: &str, example: &str) -> Value {
    json!({ "type": "string", "pattern": pattern, "examples": [example] })
}

/// One of a few words.
pub(super) fn words(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

/// A whole number, not negative.
pub(super) fn int() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": NUMBER_MAX })
}

/// A whole number in a range.
pub(super) fn int_of(min: u64, max: u64) -> Value {
    json!({ "type": "integer", "minimum": min, "maximum": max })
}

/// A whole number that is at least one.
pub(super) fn positive() -> Value {
    int_of(1, NUMBER_MAX)
}

pub(super) fn flag() -> Value {
    json!({ "type": "boolean" })
}

pub(super) fn bytes() -> Value {
    json!({ "type": "string", "format": "binary" })
}

pub(super) fn list(item: Value) -> Value {
    json!({ "type": "array", "items": item })
}

/// A list of so many.
pub(super) fn list_of(item: Value, min: u64, max: u64) -> Value {
    json!({ "type": "array", "items": item, "minItems": min, "maxItems": max })
}

/// An object whose members are called anything.
pub(super) fn map(member: Value) -> Value {
    json!({ "type": "object", "additionalProperties": member })
}

pub(super) fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

/// An object of these members and no others; `?` after a name says that it may be missing.
pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let required: Vec<_> =
        members.iter().map(|(name, _)| *name).filter(|name| !name.ends_with('?')).collect();
    let properties: Map<_, _> = members
        .iter()
        .map(|(name, schema)| (name.trim_end_matches('?').to_owned(), schema.clone()))
        .collect();
    json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    })
}

/// An object of at least these members: others are ignored.
pub(super) fn open<const N: usize>(members: [(&str, Value); N]) -> Value {
    let mut schema = object(members);
    schema["additionalProperties"] = Value::Bool(true);
    schema
}

/// A schema of [`named_ones`].
pub(super) fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

pub(super) fn key() -> Value {
    named("NodeKey")
}

pub(super) fn millis() -> Value {
    named("Millis")
}

pub(super) fn time() -> Value {
    named("Time")
}

pub(super) fn limit() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 })
}

/// The cursor of an earlier page.
pub(super) fn cursor() -> Value {
    form("^A[Q-Za-f][A-Za-z0-9_-]{10}$", "AQAAAAAAAAAC")
}

/// What a part of a path looks like.
pub(super) fn in_path(path: &str, name: &str) -> Value {
    match name {
        "realm" => {
            json!({ "type": "string", "minLength": 1, "examples": ["self"],
                "description": "`self`, `user:…` or `tenant:…`; any but the caller's is refused." })
        }
        "key" if path.contains("/nodes/") => key(),
        "steps" => form("^~[0-9]{1,9}(/~[0-9]{1,9}){0,63}(/metadata)?$", "~0"),
        "ticket" => named("TicketName"),
        "depot" => named("DepotId"),
        _ => text_of(1, 128),
    }
}

/// What more than one description uses.
pub(super) fn named_ones() -> Value {
    let ulid = "[0-7][0-9A-HJKMNP-TV-Z]{25}";
    let error = |members: &[&str]| {
        let mut schema = object([
            ("error", json!({ "type": "string", "description": "The code, for programs." })),
            ("message", json!({ "type": "string", "description": "For people." })),
            ("details?", json!({ "type": "object", "description": "What the code comes with." })),
            ("request_id?", text()),
        ]);
        schema["required"] = json!(members);
        schema
    };
    let mut realm_error = error(&["error", "message"]);
    if let Some(members) = realm_error["properties"].as_object_mut() {
        members.remove("request_id");
        members["error"]["enum"] = json!(REALM_CODES);
    }
    json!({
        "NodeKey": {
            "type": "string",
            "description": "The first 16 bytes of the BLAKE3 of a node, in Crockford base32.",
            "pattern": "^node:[0-9A-HJKMNP-TV-Z]{25}[048CGMRW]$",
            "examples": ["node:000B5PHBGEC2A705WTKKMVRS30"],
        },
        "TicketId": form(&format!("^ticket:{ulid}$"), "ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC"),
        "DepotId": form(&format!("^depot:{ulid}$"), "depot:01HQXK5V8N3Y7M2P4R6T9W0ABC"),
        "TicketName": form(&format!("^(self|ticket:{ulid})$"), "self"),
        "Ulid": form(&format!("^{ulid}$"), "01HQXK5V8N3Y7M2P4R6T9W0ABC"),
        "Millis": {
            "type": "integer",
            "description": "Milliseconds since 1970.",
            "minimum": 0,
            "maximum": NUMBER_MAX,
            "examples": [1_700_000_000_000_u64],
        },
        "Time": { "type": "string", "format": "date-time", "examples": ["2026-01-31T12:00:00.000Z"] },
        "RealmError": realm_error,
        "Error": error(&["error", "message", "request_id"]),
        "WorkerError": object([("code", text()), ("message", text()), ("request_id", text())]),
    })
}

/// Every code that the content store refuses with.
const REALM_CODES: [&str; 16] = [
    "invalid_request",
    "missing_nodes",
    "checksum_mismatch",
    "unauthorized",
    "forbidden",
    "not_found",
    "method_not_allowed",
    "conflict",
    "gone",
    "quota_exceeded",
    "payload_too_large",
    "range_not_satisfiable",
    "rate_limit_exceeded",
    "internal_error",
    "unavailable",
    "scope_undecided",
];
