//! `DELETE /api/v1/admin/enrollments/{id}`: its token is good for nothing any more.

use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use carnet_store::RevokeEnrollmentError;
use carnet_ticket::enrollment::EnrollmentId;
use http::StatusCode;

use crate::audit::Trail;
use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn delete(
    State(app): State<App>,
    Path(id): Path<String>,
    trail: Trail,
) -> Result<StatusCode, Problem> {
    let id: EnrollmentId = id.parse().map_err(|_| Problem::not_found())?;
    let event = trail.event(Kind::Ticket, "enrollment.revoke", &id.to_string());
    app.store().audited(event).revoke_enrollment(id, app.clock().now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<RevokeEnrollmentError> for Problem {
    fn from(error: RevokeEnrollmentError) -> Self {
        match error {
            RevokeEnrollmentError::Used => Self::other(
                StatusCode::CONFLICT,
                "enrollment_used",
                "the enrollment has given its certificate; revoke that",
            ),
            RevokeEnrollmentError::Store(error) => error.into(),
            _ => Self::not_found(),
        }
    }
}
