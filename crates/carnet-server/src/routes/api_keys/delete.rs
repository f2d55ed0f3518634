//! `DELETE /api/v1/admin/api-keys/{key}`: at once, with the task tickets it issued.

use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use carnet_ticket::api_key::{self, ApiKeyId};
use carnet_ticket::verify::RowEnd;
use http::StatusCode;

use crate::audit::Trail;
use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn delete(
    State(app): State<App>,
    Path(key): Path<String>,
    trail: Trail,
) -> Result<StatusCode, Problem> {
    let id = ApiKeyId::parse(&key).map_err(|_| Problem::not_found())?;
    let event = trail.event(Kind::Config, "api_key.delete", &id.to_string());
    let is_deleted = app.store().audited(event).delete_api_key(id).await?;
    // Also when it was gone already: what this process still believes of it ends here.
    app.gate().end_content(api_key::content_id(&id.to_string()), RowEnd::Deleted);
    app.realms().issuer_ended();
    if is_deleted { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}
