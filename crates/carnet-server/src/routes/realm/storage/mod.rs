//! `/api/admin/gc` and `/api/admin/fsck`: what an administrator does to everything that is stored.

mod fsck;
mod gc;

pub(in crate::routes) use fsck::fsck;
pub(in crate::routes) use gc::gc;

use std::error::Error;

use carnet_gate::Grant;
use carnet_realm::realms::BlobError;
use carnet_ticket::verify::Reason;

use crate::problem::Problem;

/// Lets in administrators alone.
fn require_admin(grant: &Grant) -> Result<(), Problem> {
    let is_admin = grant.routes().is_some_and(|scopes| scopes.permits("admin:*").is_ok());
    if is_admin { Ok(()) } else { Err(grant.deny(Reason::Role).into()) }
}

/// The blob storage failed: the log says why.
fn blob_problem(error: &BlobError) -> Problem {
    tracing::error!(%error, source = ?error.source(), "the blob storage failed");
    Problem::unavailable()
}
