//! Tasks: submitting them, following them, cancelling them. Source: worker runtime spec, section 12.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::sse::Events;
use super::{Client, ClientError, PAUSE, PAUSE_MAX, json};

/// Names what is submitted, so that the same again is the same task.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Where a stream of events goes on.
const LAST_EVENT_ID: &str = "last-event-id";

/// How often a stream that breaks is opened anew, unless something new came by it.
const RESUMES: u32 = 12;

/// What became of a task, as its stream tells it.
pub use super::sse::ServerEvent as TaskEvent;

impl Client {
    /// Submits a task. `key` names it: sent twice, it is one task.
    pub async fn submit_task(&self, body: &Value, key: &str) -> Result<Value, ClientError> {
        let submit = || async {
            let request = self.request(Method::POST, "/api/v1/tasks")?.header(IDEMPOTENCY_KEY, key);
            json(self.send(request.json(body)).await?).await
        };
        let mut answer = self.repeat(submit).await?;
        Ok(answer["task"].take())
    }

    /// What a task would be given to, and what policies say of it.
    pub async fn try_task(&self, body: &Value) -> Result<Value, ClientError> {
        self.call(Method::POST, "/api/v1/tasks?dry_run=true", Some(body)).await
    }

    /// A task.
    pub async fn task(&self, id: &str) -> Result<Value, ClientError> {
        let path = format!("/api/v1/tasks/{id}");
        self.repeat(|| self.call(Method::GET, &path, None)).await
    }

    /// Cancels a task.
    pub async fn cancel_task(&self, id: &str, reason: Option<&str>) -> Result<Value, ClientError> {
        let body = json!({ "reason": reason });
        self.call(Method::POST, &format!("/api/v1/tasks/{id}/cancel"), Some(&body)).await
    }

    /// Follows a task to its end, and gives it as it is then. `told` hears what becomes of it, each thing once, however
    /// often the stream breaks.
    pub async fn follow_task(
        &self,
        id: &str,
        mut told: impl FnMut(&TaskEvent),
    ) -> Result<Value, ClientError> {
        let (mut last, mut breaks) = (0, 0);
        loop {
            let before = last;
            match self.follow_from(id, &mut last, &mut told).await {
                Ok(true) => return self.task(id).await,
                Err(error) if !error.is_worth_repeating() => return Err(error),
                Err(error) if last == before && breaks >= RESUMES => return Err(error),
                Ok(false) | Err(_) => {}
            }
            breaks = if last == before { breaks + 1 } else { 0 };
            let pause = PAUSE.saturating_mul(1 << breaks.min(10));
            self.clock.sleep(pause.min(PAUSE_MAX).min(Duration::from_secs(5))).await;
        }
    }

    /// Follows a stream behind the event `last` until it ends. Whether the task has ended as well.
    async fn follow_from(
        &self,
        id: &str,
        last: &mut u64,
        told: &mut impl FnMut(&TaskEvent),
    ) -> Result<bool, ClientError> {
        let mut request = self.request(Method::GET, &format!("/api/v1/tasks/{id}/events"))?;
        if *last > 0 {
            request = request.header(LAST_EVENT_ID, last.to_string());
        }
        let mut events = Events::of(self.send(request).await?);
        while let Some(event) = events.next().await? {
            let seq = event.id.parse().map_err(|_| ClientError::BadAnswer)?;
            if seq > *last {
                *last = seq;
                told(&event);
            }
            if event.name == "end" {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
