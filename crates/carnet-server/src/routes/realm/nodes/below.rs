//! `GET` and `HEAD /api/realm/{realm}/nodes/{key}/~i/~j…[/metadata]`: a node by its place below another.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::HeaderMap;

use super::{get, key_in_path, metadata, read_problem};
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::serve::Cutoff;
use crate::state::App;

/// The most steps from the first node.
const STEPS_MAX: usize = 64;

/// Serves a node, or tells what it is. The caller has to reach the node that the path begins with.
pub(in crate::routes) async fn below(
    State(app): State<App>,
    caller: InRealm,
    Extension(cutoff): Extension<Cutoff>,
    Path((_, key, path)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let key = key_in_path(&key)?;
    let (path, is_metadata) = match path.strip_suffix("/metadata") {
        Some(path) => (path, true),
        None => (path.as_str(), false),
    };
    let steps = steps(path)?;
    let row = app.realms().node_below(caller.rights()?, key, &steps).await;
    let row = row.map_err(|error| read_problem(&caller, error))?;
    if is_metadata {
        return Ok(Json(metadata::describe(&app, &caller, row).await?).into_response());
    }
    get::serve(&app, &caller, &cutoff, &headers, row).await
}

/// The numbers of the children in `~i/~j…`. What is no such path leads nowhere.
fn steps(path: &str) -> Result<Vec<u32>, Problem> {
    if path.split('/').count() > STEPS_MAX {
        return Err(Problem::invalid("TooManySteps", "path"));
    }
    let number = |step: &str| {
        let digits = step.strip_prefix('~')?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().ok()).flatten()
    };
    path.split('/').map(|step| number(step).ok_or(Problem::not_found())).collect()
}
