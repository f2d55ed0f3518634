//! Owners of realms, for an administrator. Source: realm spec, section 5.

use serde_json::Value;

use crate::openapi::operation::{Operation, op};
use crate::openapi::schema::{flag, int, list, object, open, or_null, text, words};

pub(super) fn describe(method: &str, path: &str) -> Option<Operation> {
    Some(match (method, path) {
        ("GET", "/api/admin/users") => {
            op("Who has signed in or had something set, newest first").paged().gives(
                200,
                &object([("users", list(user())), ("hasMore", flag()), ("nextCursor?", text())]),
            )
        }
        ("PATCH", "/api/admin/users/{user}") => op("Set a role or a quota, which counts at once")
            .takes(&open([("role?", or_null(role())), ("quotaLimit?", or_null(int()))]))
            .gives(200, &object([("userId", text()), ("role", role()), ("quotaLimit", int())]))
            .refuses(&[409]),
        _ => return None,
    })
}

fn user() -> Value {
    object([
        ("userId", text()),
        ("role", role()),
        ("email?", text()),
        ("name?", text()),
        ("quotaLimit", int()),
    ])
}

fn role() -> Value {
    words(&["unauthorized", "authorized", "admin"])
}
