//! `POST /auth/logout`: ends the session.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use carnet_ticket::verify::Class;
use http::{HeaderMap, StatusCode, header};

use crate::audit::Trail;
use crate::auth::{Caller, session};
use crate::problem::Problem;
use crate::sessions;
use crate::state::App;

pub(crate) async fn end(
    State(app): State<App>,
    Caller(grant): Caller,
    trail: Trail,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let config = app.config();
    // Whoever came with another credential has nothing to end.
    let secret = session::secret(&headers, &config);
    if let Some(secret) = secret.filter(|_| grant.class() == Class::Session) {
        sessions::end(&app, &trail, &grant, &secret).await?;
    }
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, "/auth/login")]).into_response();
    response.headers_mut().insert(header::SET_COOKIE, session::clear(&config));
    Ok(response)
}
