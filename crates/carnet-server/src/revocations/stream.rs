//! The feed as server-sent events: what a stream has not heard yet, out of the store; then what is told.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use carnet_gate::Grant;
use http::header;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::feed::{self, PAGE, Told};
use crate::problem::Problem;
use crate::serve::Cutoff;
use crate::state::App;

/// Tells somebody who was told up to number `since` what came then and what comes. A number that nothing has yet is
/// answered `reset`. The connection is cut when `grant` ends.
pub(crate) async fn stream(
    app: App,
    since: u64,
    grant: Grant,
    cutoff: &Cutoff,
) -> Result<Response, Problem> {
    app.feed_signer().ok_or_else(Problem::unavailable)?;
    // Before the store is read: what it has not yet is told later.
    let news = app.feed().listen();
    let step =
        if since > app.store().last_revocation().await? { Step::Reset } else { Step::Behind };
    let stream = futures::stream::unfold(Stream { app, news, seq: since, step }, Stream::next);
    let body = cutoff.guard(grant, Body::from_stream(stream));
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, body).into_response())
}

struct Stream {
    app: App,
    news: Receiver<Arc<Told>>,
    /// The newest revocation that it told of.
    seq: u64,
    step: Step,
}

enum Step {
    /// There is no such position.
    Reset,
    /// There may be more in the store.
    Behind,
    /// What comes is told.
    Live,
    Done,
}

impl Stream {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let events = match self.step {
            Step::Reset => {
                self.step = Step::Done;
                Bytes::from_static(b"event: reset\ndata: {}\n\n")
            }
            Step::Behind => self.catch_up().await?,
            Step::Live => self.wait().await?,
            Step::Done => return None,
        };
        Some((Ok(events), self))
    }

    /// The next page of what the store has; after the last, that there is nothing more.
    async fn catch_up(&mut self) -> Option<Bytes> {
        let entries = match self.app.store().revocations_after(self.seq, PAGE).await {
            Ok(entries) => entries,
            Err(error) => {
                tracing::error!(%error, "a stream of revocations could not read them");
                return None;
            }
        };
        let (signer, now) = (self.app.feed_signer()?, self.app.clock().now());
        let Some(last) = entries.last().map(|entry| entry.seq) else {
            self.step = Step::Live;
            return Some(feed::alive(&signer.alive(self.seq, now)));
        };
        (self.seq, self.step) = (last, Step::Behind);
        let mut events = BytesMut::new();
        for delta in signer.deltas(entries, now) {
            events.extend_from_slice(&Told::delta(&delta).event);
        }
        Some(events.freeze())
    }

    /// The next message that goes on where this stream is.
    async fn wait(&mut self) -> Option<Bytes> {
        let draining = self.app.draining().clone();
        loop {
            let told = tokio::select! {
                told = self.news.recv() => told,
                () = draining.cancelled() => return None,
            };
            match told {
                Ok(told) if told.from_seq == self.seq + 1 => {
                    self.seq = told.seq;
                    return Some(told.event.clone());
                }
                // Read from the store before it was told.
                Ok(told) if told.seq <= self.seq => {}
                Ok(_) | Err(RecvError::Lagged(_)) => return self.catch_up().await,
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
