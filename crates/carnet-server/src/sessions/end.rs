//! Signing out.

use carnet_authority::audit::Kind;
use carnet_gate::Grant;
use carnet_ticket::session::SessionSecret;
use carnet_ticket::verify::RowEnd;

use crate::audit::Trail;
use crate::problem::Problem;
use crate::state::App;

/// Ends a session, with every stream that it opened.
pub(crate) async fn end(
    app: &App,
    trail: &Trail,
    grant: &Grant,
    secret: &SessionSecret,
) -> Result<(), Problem> {
    let event = trail.event(Kind::Auth, "session.end", grant.subject().unwrap_or_default());
    app.store().audited(event).end_session(secret.digest()).await?;
    app.gate().end_content(secret.digest().content_id(), RowEnd::Deleted);
    Ok(())
}
