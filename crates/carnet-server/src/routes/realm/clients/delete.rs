//! `DELETE /api/auth/clients/{id}`: at once, with the task tickets that the client issued.

use axum::Json;
use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use carnet_ticket::realm::{ClientId, agent_content_id};
use carnet_ticket::verify::RowEnd;
use serde_json::{Value, json};

use crate::audit::Trail;
use crate::auth::{Caller, owner};
use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn delete(
    State(app): State<App>,
    Caller(grant): Caller,
    Path(client): Path<String>,
    trail: Trail,
) -> Result<Json<Value>, Problem> {
    let id: ClientId = client.parse().map_err(|_| Problem::not_found())?;
    let event = trail.event(Kind::Revocation, "client.revoke", &id.to_string());
    if !app.store().audited(event).delete_client(&owner(&grant)?.id, id).await? {
        return Err(Problem::not_found());
    }
    app.gate().end_content(agent_content_id(id), RowEnd::Deleted);
    app.realms().issuer_ended();
    Ok(Json(json!({ "success": true })))
}
