//! `/api/admin/gc` and `/api/admin/fsck`: what an administrator does to everything that is stored.

mod fsck;
mod gc;

pub(in crate::routes) use fsck::fsck;
pub(in crate::routes) use gc::gc;

use std::error::Error;

use carnet_realm::realms::BlobError;

use crate::problem::Problem;

/// The blob storage failed: the log says why.
fn blob_problem(error: &BlobError) -> Problem {
    tracing::error!(%error, source = ?error.source(), "the blob storage failed");
    Problem::unavailable()
}
