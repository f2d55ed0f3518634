//! Task tickets. Source: realm spec, section 7.

use serde_json::{Value, json};

use crate::openapi::operation::{Operation, op};
use crate::openapi::schema::{
    flag, form, int, int_of, key, list, list_of, millis, named, object, open, or_null, positive,
    text, text_of, words,
};

const ALL: &str = "/api/realm/{realm}/tickets";
const ONE: &str = "/api/realm/{realm}/tickets/{ticket}";
const EVENTS: &str = "/api/realm/{realm}/tickets/{ticket}/events";
const COMMIT: &str = "/api/realm/{realm}/tickets/{ticket}/commit";
const REVOKE: &str = "/api/realm/{realm}/tickets/{ticket}/revoke";

const CHILDREN: &str = "/api/realm/{realm}/tickets/{ticket}/children";

/// What takes the id of a ticket that was made.
const TAKE_ONE: [(&str, &str); 6] = [
    ("GET", ONE),
    ("GET", EVENTS),
    ("POST", COMMIT),
    ("POST", REVOKE),
    ("POST", CHILDREN),
    ("DELETE", ONE),
];

pub(super) fn describe(method: &str, path: &str) -> Option<Operation> {
    Some(match (method, path) {
        ("GET", ALL) => op("The tickets of the realm, newest first")
            .paged()
            .query("status", status())
            .gives(200, &page()),
        ("POST", ALL) => op("Make a ticket for one task")
            .takes(&new_ticket())
            .gives(200, &made_ticket())
            .names("ticketId", "ticket", &TAKE_ONE),
        ("GET", ONE) => op("A ticket, now or when something has become of it")
            .query("wait", int_of(0, 60))
            .gives(200, &named_ticket(true)),
        ("DELETE", ONE) => op("Delete a ticket, whoever made it")
            .gives(200, &object([("success", json!({ "const": true }))])),
        ("GET", EVENTS) => op("What becomes of a ticket, as server-sent events").gives_as(
            200,
            "text/event-stream",
            &event(),
        ),
        ("POST", COMMIT) => op("Give a ticket its one output")
            .takes(&open([("output", key())]))
            .gives(200, &ended(&["committed"]))
            .refuses(&[409]),
        ("POST", REVOKE) => op("Revoke a ticket of one's own")
            .gives(200, &ended(&["revoked", "archived"]))
            .refuses(&[409]),
        ("POST", CHILDREN) => op("Make a ticket that may no more than this one")
            .takes(&new_ticket())
            .gives(200, &made_ticket()),
        _ => return None,
    })
}

fn page() -> Value {
    let tickets = list(named_ticket(false));
    object([("tickets", tickets), ("hasMore", flag()), ("nextCursor?", text())])
}

/// One event of a stream; its data is a ticket, or how it ended.
fn event() -> Value {
    object([("id?", text()), ("event", words(&["ticket", "end"])), ("data", text())])
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
        ("delegable?", or_null(flag())),
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
        ("parent?", named("TicketId")),
        ("delegable?", flag()),
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
        ("parent?", named("TicketId")),
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
