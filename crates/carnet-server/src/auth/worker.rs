//! Workers by their tokens, under `/api/v1/worker/`. Source: worker token spec, section 5.

use carnet_ticket::verify::Reason;
use http::request::Parts;
use http::{HeaderMap, HeaderName, header};

use super::Caller;
use crate::fleet::bearer;
use crate::problem::Problem;
use crate::state::App;

const WORKER_ID: HeaderName = HeaderName::from_static("x-worker-id");
const WORKER_TOKEN: HeaderName = HeaderName::from_static("x-worker-token");

/// Whether a request says that it is a worker's.
pub(super) fn is_worker(headers: &HeaderMap) -> bool {
    headers.contains_key(WORKER_ID)
}

/// Lets a worker in that holds `scope`; without one any will do.
pub(super) async fn admit(
    app: &App,
    scope: Option<&str>,
    parts: &mut Parts,
) -> Result<(), Problem> {
    let header = |name: HeaderName| parts.headers.get(name)?.to_str().ok().map(str::trim);
    let own = header(WORKER_TOKEN).filter(|token| !token.is_empty());
    let bearer = || {
        let (scheme, token) = header(header::AUTHORIZATION)?.split_once(char::is_whitespace)?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    };
    let token = own.or_else(bearer).unwrap_or_default();
    let worker = match bearer::admit(app, header(WORKER_ID), token).await {
        // Nothing was presented, so nobody guesses.
        Err(denied) if token.is_empty() => {
            bearer::count("denied", denied.reason.code());
            let problem = Problem::from(denied);
            return Err(Problem { denied: None, ..problem });
        }
        admitted => admitted?,
    };
    if let Some(scope) = scope {
        let rights = worker.grant.routes();
        let rights = rights.ok_or_else(|| worker.grant.deny(Reason::NotAccepted))?;
        rights.permits(scope).map_err(|reason| worker.grant.deny(reason))?;
    }
    bearer::count("ok", "");
    parts.extensions.insert(Caller(worker.grant.clone()));
    parts.extensions.insert(worker);
    Ok(())
}
