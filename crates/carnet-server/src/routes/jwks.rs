//! `GET /.well-known/jwks.json`: the public keys that verify what this server signs, staged ones included.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::state::App;

pub(crate) async fn show(State(app): State<App>) -> Response {
    let jwks = app.authority().keyring().jwks();
    ([(header::CACHE_CONTROL, "max-age=60")], Json(jwks)).into_response()
}
