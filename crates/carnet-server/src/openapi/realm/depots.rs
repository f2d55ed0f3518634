//! Depots. Source: realm spec, section 8.

use serde_json::{Value, json};

use crate::openapi::operation::{Operation, op};
use crate::openapi::schema::{
    flag, int_of, key, list, millis, named, object, open, or_null, text, text_of,
};

const ALL: &str = "/api/realm/{realm}/depots";
const ONE: &str = "/api/realm/{realm}/depots/{depot}";
const COMMIT: &str = "/api/realm/{realm}/depots/{depot}/commit";

/// What takes the id of a depot that was made.
const TAKE_ONE: [(&str, &str); 4] =
    [("GET", ONE), ("PATCH", ONE), ("DELETE", ONE), ("POST", COMMIT)];

pub(super) fn describe(method: &str, path: &str) -> Option<Operation> {
    Some(match (method, path) {
        ("GET", ALL) => op("The depots of the realm, newest first").paged().gives(200, &page()),
        ("POST", ALL) => op("Make a depot, of the empty directory")
            .takes(&fields())
            .gives(201, &depot())
            .refuses(&[409])
            .names("depotId", "depot", &TAKE_ONE),
        ("GET", ONE) => op("A depot").gives(200, &depot()),
        ("PATCH", ONE) => op("Give a depot another title, or keep more or fewer former roots")
            .takes(&fields())
            .gives(200, &depot())
            .refuses(&[409]),
        ("DELETE", ONE) => op("Delete a depot; its nodes stay a while")
            .gives(200, &object([("success", json!({ "const": true }))])),
        ("POST", COMMIT) => {
            op("Give a depot a new root, when it still has the one that is expected")
                .takes(&open([("root", key()), ("expectedRoot?", or_null(key()))]))
                .gives(200, &depot())
                .refuses(&[409])
        }
        _ => return None,
    })
}

fn fields() -> Value {
    open([("title?", or_null(text_of(1, 128))), ("maxHistory?", or_null(int_of(1, 100)))])
}

fn depot() -> Value {
    object([
        ("depotId", named("DepotId")),
        ("title", text()),
        ("root", key()),
        ("maxHistory", int_of(1, 100)),
        ("history", list(key())),
        ("createdAt", millis()),
        ("updatedAt", millis()),
    ])
}

fn page() -> Value {
    object([("depots", list(depot())), ("hasMore", flag()), ("nextCursor?", text())])
}
