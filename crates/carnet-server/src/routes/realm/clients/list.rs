//! `GET /api/auth/clients`: those that act for the caller, newest first.

use axum::Json;
use axum::extract::State;
use carnet_store::ClientRow;
use serde_json::{Value, json};

use crate::auth::{Caller, owner};
use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn list(
    State(app): State<App>,
    Caller(grant): Caller,
) -> Result<Json<Value>, Problem> {
    let clients = app.store().list_clients(&owner(&grant)?.id, app.clock().now()).await?;
    Ok(Json(json!({ "items": clients.iter().map(shown).collect::<Vec<_>>() })))
}

fn shown(client: &ClientRow) -> Value {
    json!({
        "clientId": client.id.to_string(),
        "pubkey": client.public_key,
        "clientName": client.name,
        "createdAt": client.created_at.0,
        "expiresAt": client.expires_at.0,
    })
}
