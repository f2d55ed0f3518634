//! [`ThisWorker`]: the worker that serves a request, for its handlers.

use axum::Extension;
use axum::extract::FromRequestParts;
use axum::extract::rejection::ExtensionRejection;
use axum::http::request::Parts;
use carnet_gate::Clock;
use carnet_ticket::identity::WorkerId;

/// The worker that serves a request: an argument that handlers may take.
#[derive(Debug, Clone)]
pub struct ThisWorker {
    pub(super) id: WorkerId,
    pub(super) clock: Clock,
}

impl ThisWorker {
    /// What the registry knows it by.
    pub fn id(&self) -> &WorkerId {
        &self.id
    }

    /// The clock that it goes by: handlers that ask this one wait for nobody in tests.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ThisWorker {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let Extension(worker) = Extension::from_request_parts(parts, state).await?;
        Ok(worker)
    }
}
