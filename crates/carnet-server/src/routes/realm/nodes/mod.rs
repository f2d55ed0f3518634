//! `/api/realm/{realm}/nodes`.

mod below;
mod get;
mod metadata;
mod prepare;
mod put;

pub(in crate::routes) use below::below;
pub(in crate::routes) use get::get;
pub(in crate::routes) use metadata::{entries, metadata};
pub(in crate::routes) use prepare::prepare;
pub(in crate::routes) use put::{problem as put_problem, put};

use carnet_realm::realms::ReadNodeError;
use carnet_ticket::realm::NodeKey;

use super::scope_problem;
use crate::auth::InRealm;
use crate::problem::Problem;

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
            Problem::unavailable()
        }
        // Told when it was found.
        _ => Problem::internal(),
    }
}
