//! `GET /api/realm/{realm}/tickets/{ticket}/events`: server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use carnet_realm::realms::Watch;
use carnet_store::TicketRow;
use http::header;
use serde_json::json;

use super::{row_in_path, ticket_in_path, too_many_waits, whole};
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::serve::Cutoff;
use crate::state::App;

/// How often a quiet stream says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The ticket at once, again when something becomes of it, and then the end. The connection is cut when the
/// caller's grant ends.
pub(in crate::routes) async fn events(
    State(app): State<App>,
    caller: InRealm,
    Extension(cutoff): Extension<Cutoff>,
    Path((_, ticket)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let id = ticket_in_path(&caller, &ticket)?;
    let watch = app.realms().watch(&caller.realm, id).map_err(|_| too_many_waits())?;
    let row = row_in_path(&app, &caller, &ticket).await?;
    let grant = caller.grant.clone();
    let stream = futures::stream::unfold(
        Stream { app, caller, watch, step: Step::First(Box::new(row)) },
        Stream::next,
    );
    let body = cutoff.guard(grant, Body::from_stream(stream));
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, body).into_response())
}

struct Stream {
    app: App,
    caller: InRealm,
    watch: Watch,
    step: Step,
}

enum Step {
    First(Box<TicketRow>),
    Waiting,
    Done,
}

impl Stream {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let text = match std::mem::replace(&mut self.step, Step::Done) {
            Step::First(row) => self.event(1, &row),
            Step::Waiting => self.wait().await?,
            Step::Done => return None,
        };
        Some((Ok(Bytes::from(text)), self))
    }

    /// The next change, or a sign of life.
    async fn wait(&mut self) -> Option<String> {
        let until = self.app.clock().now().after(HEARTBEAT);
        let draining = self.app.draining().clone();
        let row = tokio::select! {
            row = self.app.realms().wait(&mut self.watch, until) => row,
            () = draining.cancelled() => return None,
        };
        match row {
            Ok(Some(row)) if is_open(&self.app, &row) => {
                self.step = Step::Waiting;
                Some(": hb\n\n".to_owned())
            }
            Ok(Some(row)) => Some(self.event(2, &row)),
            // Deleted: there is nothing left to tell.
            Ok(None) => {
                Some("event: end\ndata: {\"status\":\"deleted\",\"live\":false}\n\n".to_owned())
            }
            Err(error) => {
                tracing::error!(%error, "an event stream could not read its ticket");
                None
            }
        }
    }

    fn event(&mut self, number: u32, row: &TicketRow) -> String {
        let body = whole(&self.app, &self.caller, row);
        let mut text = format!("id: {number}\nevent: ticket\ndata: {body}\n\n");
        if is_open(&self.app, row) {
            self.step = Step::Waiting;
        } else {
            let end = json!({ "status": row.status().as_str(), "live": body["live"] });
            text.push_str("event: end\ndata: ");
            text.push_str(&end.to_string());
            text.push_str("\n\n");
        }
        text
    }
}

/// Whether something may still become of a ticket: it is live and has no output.
fn is_open(app: &App, row: &TicketRow) -> bool {
    row.output.is_none() && row.is_live_at(app.clock().now())
}
