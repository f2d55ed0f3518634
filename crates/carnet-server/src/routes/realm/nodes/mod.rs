//! `/api/realm/{realm}/nodes`.

mod get;
mod metadata;
mod put;

pub(in crate::routes) use get::get;
pub(in crate::routes) use metadata::{entries, metadata};
pub(in crate::routes) use put::{problem as put_problem, put};

use bytes::Bytes;
use carnet_realm::realms::{NodeBody, ReadNodeError};
use carnet_store::NodeRow;
use carnet_ticket::realm::NodeKey;

use super::scope_problem;
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::state::App;

/// The whole of a node that was found.
pub(in crate::routes) async fn whole(
    app: &App,
    caller: &InRealm,
    row: NodeRow,
) -> Result<Bytes, Problem> {
    let body = app.realms().body(row).await.map_err(|error| read_problem(caller, error))?;
    match body {
        NodeBody::Bytes(bytes) => Ok(bytes),
        NodeBody::File(mut file) => {
            let read = tokio::task::spawn_blocking(move || {
                let mut bytes = Vec::new();
                std::io::Read::read_to_end(&mut file, &mut bytes).map(|_| bytes)
            });
            Ok(read.await.ok().and_then(Result::ok).ok_or(Problem::internal())?.into())
        }
    }
}

/// The key in a path: lenient in case and look-alikes.
fn key_in_path(text: &str) -> Result<NodeKey, Problem> {
    NodeKey::parse_path(text).map_err(|error| {
        let reason = format!("{error:?}");
        Problem::invalid(&reason, "key")
    })
}

pub(in crate::routes) fn read_problem(caller: &InRealm, error: ReadNodeError) -> Problem {
    match error {
        ReadNodeError::Scope(error) => scope_problem(caller, error),
        ReadNodeError::NotFound => Problem::not_found(),
        ReadNodeError::Store(error) => error.into(),
        ReadNodeError::Blob(error) => {
            tracing::error!(%error, source = ?std::error::Error::source(&error), "the blob storage failed");
            Problem::internal()
        }
        // Told when it was found.
        _ => Problem::internal(),
    }
}
