//! `/api/v1/admin/api-keys`.

mod create;
mod delete;
mod list;

pub(super) use create::create;
pub(super) use delete::delete;
pub(super) use list::list;

use carnet_store::ApiKeyRow;
use serde_json::{Value, json};

/// A key as it is shown: never the secret.
fn shown(row: &ApiKeyRow) -> Value {
    json!({
        "id": row.id.to_string(),
        "name": row.name,
        "role": row.role,
        "tenant_id": row.tenant_id,
        "subjects": row.subjects,
        "created_at": row.created_at.to_string(),
        "expires_at": row.expires_at.map(|moment| moment.to_string()),
    })
}
