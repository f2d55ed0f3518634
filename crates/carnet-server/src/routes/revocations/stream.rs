//! `GET /api/v1/revocations/stream`: what was revoked, and what is, as server-sent events.

use axum::Extension;
use axum::extract::{FromRequestParts, Query, State};
use axum::response::Response;
use http::request::Parts;
use serde::Deserialize;

use crate::auth::Caller;
use crate::problem::Problem;
use crate::revocations;
use crate::routes::NUMBER_MAX;
use crate::serve::Cutoff;
use crate::state::App;

/// Where a stream goes on: `Last-Event-ID`, else `since`, else at the beginning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Since(pub(crate) u64);

#[derive(Deserialize)]
struct Params {
    since: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Since {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let params: Query<Params> =
            Query::try_from_uri(&parts.uri).map_err(|_| Problem::invalid("Query", "query"))?;
        let since = match &params.since {
            None => 0,
            Some(text) => position(text).ok_or_else(|| Problem::invalid("OutOfRange", "since"))?,
        };
        let last = parts.headers.get("last-event-id").map(|last| {
            // What no stream has ever sent is no position.
            last.to_str().ok().and_then(position).unwrap_or(u64::MAX)
        });
        Ok(Self(last.unwrap_or(since)))
    }
}

fn position(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_number && *number <= NUMBER_MAX)
}

pub(crate) async fn stream(
    State(app): State<App>,
    Caller(grant): Caller,
    Extension(cutoff): Extension<Cutoff>,
    Since(since): Since,
) -> Result<Response, Problem> {
    revocations::stream(app, since, grant, &cutoff).await
}
