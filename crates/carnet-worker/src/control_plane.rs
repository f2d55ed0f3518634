//! [`ControlPlane`]: what a worker tells about its tasks, and how it keeps their leases.

use std::time::Duration;

use carnet_ticket::identity::WorkerId;
use carnet_ticket::task::{LEASE_HEADER, Lease, LeaseMark, Report, TaskId};
use carnet_ticket::verify::Profile;
use http::{Method, StatusCode};
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fetch::{self, Answer, FetchError};
use crate::plane::Plane;

/// How long an answer may take, and how long it may be.
const ANSWER_MAX: Duration = Duration::from_secs(10);
const LEN_MAX: usize = 64 << 10;

/// The control plane, as a worker tells it of its tasks.
pub(crate) struct ControlPlane {
    plane: Plane,
    worker_id: WorkerId,
}

/// Why a lease is not renewed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenewError {
    /// It is not ours any more.
    #[error("the control plane does not renew it")]
    Refused,
    #[error("the control plane gives no answer")]
    Fetch(#[from] FetchError),
    #[error("the control plane answers {0}")]
    Status(StatusCode),
    #[error("the answer is no lease")]
    Answer,
}

#[derive(Deserialize)]
struct Renewed {
    lease: Value,
}

impl ControlPlane {
    pub(crate) fn new(plane: Plane, worker_id: WorkerId) -> Self {
        Self { plane, worker_id }
    }

    /// Reports; what is answered.
    pub(crate) async fn report(
        &self,
        task: &TaskId,
        mark: &LeaseMark,
        report: &Report,
    ) -> Result<StatusCode, FetchError> {
        let path = format!("api/v1/worker/{}/tasks/{task}/events", self.worker_id);
        let asked = self.post(&path, mark).await?.json(report);
        Ok(self.answer(asked).await?.status)
    }

    /// Renews the lease of a task for this long; the lease from now on.
    pub(crate) async fn renew(
        &self,
        task: &TaskId,
        mark: &LeaseMark,
        ttl: Duration,
    ) -> Result<Lease, RenewError> {
        let path = format!("api/v1/worker/{}/leases/{task}/renew", self.worker_id);
        let body = json!({ "ttl": format!("{}s", ttl.as_secs()) });
        let answer = self.answer(self.post(&path, mark).await?.json(&body)).await?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::CONFLICT | StatusCode::NOT_FOUND => return Err(RenewError::Refused),
            status => return Err(RenewError::Status(status)),
        }
        let renewed: Renewed =
            serde_json::from_slice(&answer.body).map_err(|_| RenewError::Answer)?;
        Lease::read(&renewed.lease, Profile::Strict).map_err(|_| RenewError::Answer)
    }

    async fn post(&self, path: &str, mark: &LeaseMark) -> Result<RequestBuilder, FetchError> {
        let request = self.plane.request(Method::POST, self.plane.at(path)).await?;
        Ok(request.header(LEASE_HEADER, mark.to_string()))
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Answer, FetchError> {
        fetch::answer(self.plane.clock(), request, ANSWER_MAX, LEN_MAX).await
    }
}
