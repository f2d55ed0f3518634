//! `/api/auth/tokens`: agent tokens of the caller.

mod create;
mod delete;
mod list;

pub(in crate::routes) use create::create;
pub(in crate::routes) use delete::delete;
pub(in crate::routes) use list::list;

use carnet_store::TokenRow;
use serde_json::{Value, json};

/// A token as it is shown: never the secret.
fn shown(token: &TokenRow) -> Value {
    let mut value = json!({
        "id": token.id.to_string(),
        "name": token.name,
        "expiresAt": token.expires_at.0,
        "createdAt": token.created_at.0,
    });
    if let Some(description) = &token.description {
        value["description"] = Value::from(description.as_str());
    }
    value
}
