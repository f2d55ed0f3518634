//! `GET /api/v1/tasks/{task}/events`: what became of a task and what becomes of it, as server-sent events.

use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use carnet_store::StoreError;
use carnet_ticket::task::TaskId;
use http::header;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::task_in_path;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::revocations::Since;
use crate::serve::Cutoff;
use crate::state::App;
use crate::tasks::shown;

/// How often a quiet stream says that it is alive.
const ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// Events read at a time.
const PAGE: u32 = 256;

/// Every event after the one that was heard last, then those that come, until the task is over. The connection is cut
/// when the caller's grant ends.
pub(in crate::routes) async fn events(
    State(app): State<App>,
    Caller(grant): Caller,
    Extension(cutoff): Extension<Cutoff>,
    Path(id): Path<String>,
    Since(since): Since,
) -> Result<Response, Problem> {
    // Before the task is read: what it does not say yet is told later.
    let changes = app.tasks().watch();
    let row = task_in_path(&app, &grant, &id).await?;
    let stream = Stream { app, task: row.task.id, seq: since, changes, is_over: false };
    let stream = futures::stream::unfold(stream, Stream::next);
    let body = cutoff.guard(grant, Body::from_stream(stream));
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, body).into_response())
}

struct Stream {
    app: App,
    task: TaskId,
    /// The newest event that it told of.
    seq: u64,
    changes: Receiver<TaskId>,
    is_over: bool,
}

impl Stream {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        while !self.is_over {
            match self.catch_up().await {
                Ok(Some(text)) => return Some((Ok(text.into()), self)),
                Ok(None) if self.is_over => return None,
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(%error, "an event stream could not read its task");
                    return None;
                }
            }
            if self.wait().await? {
                return Some((Ok(Bytes::from_static(b": alive\n\n")), self));
            }
        }
        None
    }

    /// What was not told yet.
    async fn catch_up(&mut self) -> Result<Option<String>, StoreError> {
        // Before its events: it may end while they are read.
        let Some(before) = self.app.store().task(self.task).await? else { return Ok(None) };
        let events = self.app.store().task_events(self.task, self.seq, PAGE).await?;
        let Some(last) = events.last() else {
            // Whoever goes on behind the end has heard it.
            self.is_over = before.life.state.is_final();
            return Ok(None);
        };
        let row = match self.app.store().task(self.task).await? {
            Some(row) if last.kind == "end" => row,
            _ => before,
        };
        self.seq = last.seq;
        self.is_over = last.kind == "end";
        let mut text = String::new();
        for event in &events {
            let data = shown::event(&row, event);
            // Writing to a string does not fail.
            let _ = write!(text, "id: {}\nevent: {}\ndata: {data}\n\n", event.seq, event.kind);
        }
        Ok(Some(text))
    }

    /// Waits for a change of the task; whether there was none for so long that it is time to say something. Nothing
    /// when the server ends.
    async fn wait(&mut self) -> Option<bool> {
        let until = self.app.clock().now().after(ALIVE_INTERVAL);
        let draining = self.app.draining().clone();
        loop {
            tokio::select! {
                change = self.changes.recv() => match change {
                    Ok(task) if task != self.task => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => return Some(false),
                    Err(RecvError::Closed) => return None,
                },
                () = self.app.clock().sleep_until(until) => return Some(true),
                () = draining.cancelled() => return None,
            }
        }
    }
}
