//! A worker's own routes in front of those that every worker has.

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Extension, Router};

use super::access::{Access, enter};
use super::core::{self, Core};
use super::this_worker::ThisWorker;
use crate::rpc::{self, Rpc};

/// Everything that the port serves. A route of `own` is served instead of the built-in one at its path, and never
/// instead of `rpc`.
pub(super) fn router(
    own: Router,
    core: Core,
    rpc: Option<Rpc>,
    access: Access,
    this: ThisWorker,
) -> Router {
    let built_in = Router::new()
        .route("/health", get(core::health))
        .route("/status", get(core::status))
        .route("/metrics", get(core::metrics))
        .fallback(core::not_found)
        .method_not_allowed_fallback(core::method_not_allowed)
        .with_state(Arc::new(core));
    let own = own
        .layer(Extension(this))
        .method_not_allowed_fallback(core::method_not_allowed)
        .fallback_service(built_in);
    let all = match rpc {
        Some(rpc) => rpc::router(rpc).fallback_service(own),
        None => own,
    };
    all.layer(from_fn_with_state(Arc::new(access), enter))
}
