//! `POST /auth/key`: signs in with an API key.

use axum::extract::{FromRequest, FromRequestParts};
use axum::extract::{Request, State};
use axum::response::Response;

use super::{refuse_elsewhere, signed_in};
use crate::audit::Trail;
use crate::auth::{address, unless_guessing};
use crate::problem::Problem;
use crate::sessions;
use crate::state::App;
use crate::ui::fields::Fields;

pub(crate) async fn open(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    refuse_elsewhere(&parts.headers)?;
    let (trail, address) = (Trail::from_request_parts(&mut parts, &app).await?, address(&parts));
    let fields = Fields::from_request(Request::from_parts(parts, body), &app).await?;
    let opened = sessions::open_by_key(&app, &trail, fields.shown("key"));
    let secret = unless_guessing(&app, address, opened).await?;
    Ok(signed_in(&app, &secret, fields.shown("return_to")))
}
