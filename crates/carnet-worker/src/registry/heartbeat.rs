//! Reporting: `POST /v1/workers/{id}/heartbeat`, a form.

use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use reqwest::RequestBuilder;
use serde::Deserialize;

use super::{Form, Registry, RegistryError, json, number};

/// A load is not a number, or infinite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a load is a finite number")]
pub struct NotFinite;

#[derive(Deserialize)]
struct Answer {
    alive: bool,
}

/// How every heartbeat begins: `service_type=<kind>&load_score=<load>`, the load between 0 and 1, with as few
/// fraction digits as say it exactly and at least one.
pub fn heartbeat_form(service_type: &str, load: f32) -> Result<String, NotFinite> {
    if !load.is_finite() {
        return Err(NotFinite);
    }
    let mut digits = load.clamp(0.0, 1.0).abs().to_string();
    if !digits.contains('.') {
        digits.push_str(".0");
    }
    Ok(format!("service_type={service_type}&load_score={digits}"))
}

impl Registry {
    /// Reports; whether the registry knows us.
    pub(super) async fn beat(&self) -> Result<bool, RegistryError> {
        if self.form == Form::Worker {
            return self.beat_as_worker().await.map(|()| true);
        }
        let url = self.plane.at(&format!("v1/workers/{}/heartbeat", self.worker_id()));
        let form = |request: RequestBuilder| {
            request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(self.form_of_platform())
        };
        let answer = match self.ask(Method::POST, url, form).await {
            Err(RegistryError::Status(StatusCode::NOT_FOUND)) => return Ok(false),
            answered => answered?,
        };
        self.answered(&answer.headers);
        if let Some(sequence) = number(&answer.headers, "carnet-bundle-seq") {
            self.bundle.heard(sequence);
        }
        Ok(json::<Answer>(&answer.body)?.alive)
    }

    pub(super) fn state(&self) -> &'static str {
        if self.health.is_stopping() { "draining" } else { "online" }
    }

    fn form_of_platform(&self) -> String {
        let registration = &self.registration;
        let kind = registration.service_type();
        let begin = heartbeat_form(kind, (registration.load)()).or_else(|error| {
            tracing::warn!(%error, "the worker's load counts as 0");
            heartbeat_form(kind, 0.0)
        });
        let begin = begin.unwrap_or_default();
        let state = self.state();
        let tasks = &registration.tasks;
        let (active, capacity, instance) = (tasks.active(), tasks.capacity(), tasks.instance());
        let bundle = self.bundle.known();
        let keys = registration.key_ids().join(",");
        let revocations = self.health.gate().revocations().seq();
        format!(
            "{begin}&state={state}&active={active}&capacity={capacity}&instance={instance}&bundle={bundle}&keys={keys}\
             &revocations={revocations}"
        )
    }
}
