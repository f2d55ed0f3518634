//! [`UsedSessions`]: a session that is used does not fall idle.

use std::time::Duration;

use carnet_gate::Grant;
use carnet_ticket::id::UniqueId;
use carnet_ticket::time::Timestamp;
use http::request::Parts;
use http::{HeaderMap, HeaderName, header};
use moka::sync::Cache;

use super::cookie;
use crate::state::App;

const HTMX: HeaderName = HeaderName::from_static("hx-request");

/// How many sessions' last uses are remembered, so that they are not written again.
const REMEMBERED_MAX: u64 = 10_000;

/// How often it is written down at most that a session is used.
const WRITTEN_EVERY: Duration = Duration::from_mins(1);

/// When sessions were last used, as far as this process has written it down.
pub(crate) struct UsedSessions(Cache<UniqueId, Timestamp>);

impl Default for UsedSessions {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED_MAX))
    }
}

/// Whether a page that is open asks for news by itself, and nobody asks for anything.
pub(crate) fn is_refresh(headers: &HeaderMap) -> bool {
    let is_stream = headers.get(header::ACCEPT).is_some_and(|kind| kind == "text/event-stream");
    is_stream || headers.contains_key(&HTMX)
}

/// A session was used, which puts its idle end off; to the minute. What an open page asks for by itself is no use of it.
pub(in crate::auth) async fn used(app: &App, grant: &Grant, parts: &Parts) {
    let (config, now) = (app.config(), app.clock().now());
    let (content, idle) = (grant.content_id(), config.ui.session_idle);
    let is_refresh = is_refresh(&parts.headers) && parts.method.is_safe();
    let written = &app.used_sessions().0;
    let is_written = |at: Timestamp| now < at.after(WRITTEN_EVERY.min(idle / 10));
    if is_refresh || written.get(&content).is_some_and(is_written) {
        return;
    }
    let Some(secret) = cookie::secret(&parts.headers, &config) else { return };
    match app.store().touch_session(secret.digest(), now.after(idle)).await {
        Ok(()) => {
            written.insert(content, now);
            app.gate().row_changed(content);
        }
        Err(error) => tracing::error!(%error, "it was not written down that a session is used"),
    }
}
