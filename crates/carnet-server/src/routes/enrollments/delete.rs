//! `DELETE /api/v1/admin/enrollments/{enrollment}`: its token is good for nothing any more. Named by its id, or by the
//! SHA-256 of its token's secret in hex, so that whoever finds a token need not send it.

use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use carnet_store::RevokeEnrollmentError;
use carnet_ticket::enrollment::{EnrollmentId, SecretDigest};
use http::StatusCode;

use crate::audit::Trail;
use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn delete(
    State(app): State<App>,
    Path(named): Path<String>,
    trail: Trail,
) -> Result<StatusCode, Problem> {
    let id = id_of(&app, &named).await?.ok_or(Problem::not_found())?;
    let event = trail.event(Kind::Ticket, "enrollment.revoke", &id.to_string());
    app.store().audited(event).revoke_enrollment(id, app.clock().now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn id_of(app: &App, named: &str) -> Result<Option<EnrollmentId>, Problem> {
    let mut digest = [0; 32];
    if hex::decode_to_slice(named, &mut digest).is_err() {
        return Ok(named.parse().ok());
    }
    let enrollment = app.store().enrollment_of_secret(SecretDigest(digest)).await?;
    Ok(enrollment.map(|enrollment| enrollment.id))
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
