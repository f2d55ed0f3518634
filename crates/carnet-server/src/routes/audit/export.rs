//! Exports: every event of a filter, oldest first, streamed a page at a time.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use carnet_authority::audit::{Chained, Event, MalformedEvent, to_csv};
use carnet_gate::Grant;
use carnet_store::{AuditFilter, StoreError};
use carnet_ticket::verify::Ended;
use futures::stream;
use http::header;

use crate::problem::Problem;
use crate::state::App;

const PAGE: u32 = 500;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One canonical event a line, with the hashes that verify it.
    Jsonl,
    /// RFC 4180.
    Csv,
}

impl Form {
    /// The form of this name; none for `json`, which is read by pages.
    pub(super) fn from_name(name: &str) -> Result<Option<Self>, Problem> {
        match name {
            "json" => Ok(None),
            "jsonl" => Ok(Some(Self::Jsonl)),
            "csv" => Ok(Some(Self::Csv)),
            _ => Err(Problem::invalid("BadFormat", "format")),
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/jsonl",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    fn write(self, rows: &[Chained], is_first: bool) -> Result<Vec<u8>, ExportError> {
        match self {
            Self::Jsonl => Ok(rows.iter().map(Chained::to_line).collect::<String>().into_bytes()),
            Self::Csv => {
                let events = rows.iter().map(|row| Event::from_canonical(&row.canonical));
                let events = events.collect::<Result<Vec<_>, _>>()?;
                Ok(to_csv(events.iter().map(|(seq, event)| (*seq, event)), is_first)?)
            }
        }
    }
}

/// Why an export breaks off.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Malformed(#[from] MalformedEvent),
    #[error(transparent)]
    Csv(#[from] std::io::Error),
    #[error("the grant has ended: {0}")]
    Ended(Ended),
}

/// Where an export stands: behind this number; nothing when it is over.
struct Place {
    app: App,
    grant: Grant,
    filter: AuditFilter,
    after: Option<u64>,
}

/// The answer. It breaks off when the grant ends or the store fails.
pub(super) fn stream(app: &App, grant: Grant, filter: AuditFilter, form: Form) -> Response {
    let place = Place { app: app.clone(), grant, filter, after: Some(0) };
    let pages = stream::try_unfold(place, move |place| next(place, form));
    ([(header::CONTENT_TYPE, form.content_type())], Body::from_stream(pages)).into_response()
}

async fn next(mut place: Place, form: Form) -> Result<Option<(Vec<u8>, Place)>, ExportError> {
    let Some(after) = place.after else { return Ok(None) };
    if let Some(why) = place.grant.is_ended() {
        // Broken off, so that nobody takes it for the whole.
        return Err(ExportError::Ended(why));
    }
    let rows = place.app.store().audit_after(&place.filter, after, PAGE).await?;
    place.after = rows.last().map(|row| row.seq).filter(|_| rows.len() == PAGE as usize);
    Ok(Some((form.write(&rows, after == 0)?, place)))
}
