//! `DELETE /api/auth/tokens/{id}`: at once, with the task tickets that its agent issued.

use axum::Json;
use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use carnet_ticket::realm::{TokenId, agent_content_id};
use carnet_ticket::verify::RowEnd;
use serde_json::{Value, json};

use crate::audit::Trail;
use crate::auth::{Caller, owner};
use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn delete(
    State(app): State<App>,
    Caller(grant): Caller,
    Path(token): Path<String>,
    trail: Trail,
) -> Result<Json<Value>, Problem> {
    let id: TokenId = token.parse().map_err(|_| Problem::not_found())?;
    let event = trail.event(Kind::Revocation, "agent_token.revoke", &id.to_string());
    if !app.store().audited(event).delete_token(&owner(&grant)?.id, id).await? {
        return Err(Problem::not_found());
    }
    app.gate().end_content(agent_content_id(id), RowEnd::Deleted);
    app.realms().issuer_ended();
    Ok(Json(json!({ "success": true })))
}
