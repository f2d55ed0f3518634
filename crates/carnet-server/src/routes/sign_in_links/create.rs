//! `POST /api/v1/admin/sign-in-links`: a link that signs whoever asks for it in to the admin UI, once.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

use crate::audit::Trail;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::sessions::{self, Login};
use crate::state::App;

pub(in crate::routes) async fn create(
    State(app): State<App>,
    Caller(grant): Caller,
    trail: Trail,
) -> Result<Response, Problem> {
    if !app.config().ui.enabled {
        return Err(Problem::not_found());
    }
    let link = sessions::make_link(&app, &trail, Login::of(&grant)?).await?;
    let body = json!({ "url": *link.url, "expires_at": link.expires_at.to_string() });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
