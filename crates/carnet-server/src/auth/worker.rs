//! Workers by their tokens, under `/api/v1/worker/`. Source: worker token spec, section 5.

use carnet_ticket::verify::Reason;
use carnet_ticket::worker_token::{ID_HEADER, WorkerHeaders};
use http::HeaderMap;
use http::request::Parts;

use super::Caller;
use crate::fleet::bearer;
use crate::problem::Problem;
use crate::state::App;

/// Whether a request says that it is a worker's.
pub(super) fn is_worker(headers: &HeaderMap) -> bool {
    headers.contains_key(ID_HEADER)
}

/// Lets a worker in that holds `scope`; without one any will do.
pub(super) async fn admit(
    app: &App,
    scope: Option<&str>,
    parts: &mut Parts,
) -> Result<(), Problem> {
    let headers = WorkerHeaders::read(|name| Some(parts.headers.get(name)?.as_bytes()));
    let token = headers.token().unwrap_or_default();
    let worker = match bearer::admit(app, headers.worker_id.map(str::trim), token).await {
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
