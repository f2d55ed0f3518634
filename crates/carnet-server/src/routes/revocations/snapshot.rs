//! `GET /api/v1/revocations/snapshot`: everything that counts, signed.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use crate::problem::Problem;
use crate::routes::etag;
use crate::state::App;

pub(crate) async fn snapshot(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tag = |seq: u64| format!("\"{seq}\"");
    let now = tag(app.store().last_revocation().await?);
    if etag::is_known(&headers, &now) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, now)]).into_response());
    }
    let snapshot = app.feed().snapshot(&app).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/jose".to_owned()),
        (header::ETAG, tag(snapshot.seq)),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    Ok((headers, snapshot.text).into_response())
}
