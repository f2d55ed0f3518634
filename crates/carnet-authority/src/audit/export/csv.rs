//! CSV (RFC 4180) for spreadsheets, which must not take a cell for a formula.

use std::borrow::Cow;
use std::io;

use csv::{Terminator, WriterBuilder};

use super::super::event::Event;
use super::super::text::Text;

const COLUMNS: [&str; 14] = [
    "id",
    "created_at",
    "actor",
    "method",
    "path",
    "status",
    "duration_ms",
    "request_id",
    "remote_addr",
    "user_agent",
    "tenant_id",
    "action",
    "outcome",
    "reason",
];

/// What a spreadsheet takes for the start of a formula, or skips before one.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The rows of events with their numbers, after the names of the columns if `with_names`. Lines end with CR LF.
pub fn to_csv<'a>(
    events: impl IntoIterator<Item = (u64, &'a Event)>,
    with_names: bool,
) -> io::Result<Vec<u8>> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    if with_names {
        writer.write_record(COLUMNS)?;
    }
    for (seq, event) in events {
        writer.write_record(cells(seq, event).iter().map(|cell| guard(cell).into_owned()))?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn cells(seq: u64, event: &Event) -> [Cow<'_, str>; COLUMNS.len()] {
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    [
        seq.to_string().into(),
        event.at.to_string().into(),
        Cow::Borrowed(&event.actor.id),
        text(event.method.as_ref()),
        text(event.path.as_ref()),
        number(event.status.map(u64::from)).into(),
        number(event.duration_ms).into(),
        Cow::Borrowed(&event.request_id),
        text(event.remote_addr.as_ref()),
        text(event.user_agent.as_ref()),
        text(event.tenant_id.as_ref()),
        Cow::Borrowed(&event.action),
        event.outcome.as_str().into(),
        text(event.reason.as_ref()),
    ]
}

fn text(text: Option<&Text>) -> Cow<'_, str> {
    text.map_or("", |text| text).into()
}

/// Puts a `'` before what could be a formula.
fn guard(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(FORMULA_STARTS) { format!("'{cell}").into() } else { cell.into() }
}
