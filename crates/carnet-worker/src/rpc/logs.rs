//! `worker.logs`: what a task has said.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use carnet_gate::Grant;
use carnet_ticket::task::TaskId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::{Fault, Rpc};
use crate::task::Attempt;

/// Asks for lines as they come.
const STREAM_HEADER: &str = "x-worker-stream";
const NDJSON: &str = "ndjson";

/// What it takes.
#[derive(Deserialize)]
struct Params {
    sandbox_id: String,
    /// The last so many of what there is.
    #[serde(default)]
    lines: Option<usize>,
}

pub(super) fn is_wanted_as_stream(headers: &HeaderMap) -> bool {
    headers.get(STREAM_HEADER).is_some_and(|value| value == NDJSON)
}

/// What there is now, as one answer.
pub(super) fn run(rpc: &Rpc, call: &Call) -> Result<Value, Fault> {
    let (attempt, skipped) = begin(rpc, call)?;
    let (lines, _) = attempt.log.since(skipped);
    let chunks: Vec<_> = lines.iter().map(|line| chunk(line)).collect();
    Ok(json!({ "sandbox_id": attempt.task.to_string(), "chunks": chunks }))
}

/// What there is, and what comes, a line each, until the task is over or the caller's grant.
pub(super) fn stream(rpc: &Arc<Rpc>, call: &Call, grant: Grant) -> Result<Response, Fault> {
    let (attempt, next) = begin(rpc, call)?;
    let (rpc, id) = (Arc::clone(rpc), call.id.clone());
    let following =
        Following { rpc, id, attempt, grant, next, lines: VecDeque::new(), is_over: false };
    let lines = futures::stream::unfold(following, async |mut following| {
        let line = following.line().await?;
        Some((Ok::<_, std::convert::Infallible>(line), following))
    });
    let head = [(CONTENT_TYPE, "application/x-ndjson")];
    Ok((StatusCode::OK, head, Body::from_stream(lines)).into_response())
}

/// The task's attempt, and the number of the first line that is wanted.
fn begin(rpc: &Rpc, call: &Call) -> Result<(Arc<Attempt>, u64), Fault> {
    let Params { sandbox_id, lines } = call.params()?;
    let task: TaskId = sandbox_id.parse().map_err(|_| Fault::InvalidParams)?;
    let attempt = rpc.tasks.find(&task).ok_or(Fault::NoSandbox)?;
    let (_, next) = attempt.log.since(u64::MAX);
    let first = lines.map_or(0, |lines| next.saturating_sub(lines as u64));
    Ok((attempt, first))
}

/// A stream of lines.
struct Following {
    rpc: Arc<Rpc>,
    id: String,
    attempt: Arc<Attempt>,
    grant: Grant,
    next: u64,
    lines: VecDeque<Arc<str>>,
    is_over: bool,
}

impl Following {
    /// The next line; the last says that it is the last.
    async fn line(&mut self) -> Option<Bytes> {
        loop {
            if self.grant.is_ended().is_some() {
                return None;
            }
            if let Some(line) = self.lines.pop_front() {
                return Some(self.envelope(chunk(&line)));
            }
            if self.is_over {
                return None;
            }
            let is_last = self.attempt.over.is_cancelled();
            let (lines, next) = self.attempt.log.since(self.next);
            (self.lines, self.next) = (lines.into(), next);
            if !self.lines.is_empty() {
                continue;
            }
            if is_last {
                self.is_over = true;
                return Some(self.envelope(json!({ "stream": "end", "data": "" })));
            }
            tokio::select! {
                () = self.attempt.log.reaches(self.next) => {}
                () = self.attempt.over.cancelled() => {}
                _ = self.grant.ended() => return None,
            }
        }
    }

    fn envelope(&self, result: Value) -> Bytes {
        let answer = self.rpc.envelope(self.id.clone(), Ok(result));
        let mut line = serde_json::to_vec(&answer).unwrap_or_default();
        line.push(b'\n');
        line.into()
    }
}

fn chunk(line: &str) -> Value {
    json!({ "stream": "log", "data": line })
}
