//! The news as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use carnet_gate::Grant;
use http::header;
use tokio::sync::watch;

use super::pulse::{Standing, TOPICS};
use crate::serve::Cutoff;
use crate::state::App;

/// How often a quiet stream says that it is alive.
const ALIVE: Duration = Duration::from_secs(15);

/// Tells which topics change from here on. The connection is cut when `grant` ends.
pub(crate) fn stream(app: App, grant: Grant, cutoff: &Cutoff) -> Response {
    let news = app.pulse().listen();
    let told = *news.borrow();
    let stream = futures::stream::unfold(Stream { app, news, told, is_new: true }, Stream::next);
    let body = cutoff.guard(grant, Body::from_stream(stream));
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, body).into_response()
}

struct Stream {
    app: App,
    news: watch::Receiver<Standing>,
    told: Standing,
    is_new: bool,
}

impl Stream {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let text = if std::mem::take(&mut self.is_new) {
            "event: listening\ndata: {}\n\n".to_owned()
        } else {
            self.wait().await?
        };
        Some((Ok(Bytes::from(text)), self))
    }

    /// The topics that change next, or a sign of life.
    async fn wait(&mut self) -> Option<String> {
        let (clock, draining) = (self.app.clock().clone(), self.app.draining().clone());
        tokio::select! {
            changed = self.news.changed() => changed.ok()?,
            () = clock.sleep(ALIVE) => return Some(": alive\n\n".to_owned()),
            () = draining.cancelled() => return None,
        }
        let now = *self.news.borrow_and_update();
        let before = std::mem::replace(&mut self.told, now);
        let changed = TOPICS.iter().zip(before).zip(now).filter(|((_, before), now)| before != now);
        let changed = changed.map(|((topic, _), _)| ["event: ", topic, "\ndata: {}\n\n"].concat());
        Some(changed.collect())
    }
}
