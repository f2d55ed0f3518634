//! Writing what commands found: text for people, JSON for programs.

use std::io::{self, Write};

use carnet_ticket::time::Timestamp;
use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;

/// The form of data on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: stable, one document.
    Json,
}

/// Writes `value`: as JSON, or the lines that `text` makes of it.
pub fn show<T: Serialize>(
    format: Format,
    value: &T,
    text: impl FnOnce(&T) -> String,
) -> io::Result<()> {
    match format {
        Format::Json => line(&serde_json::to_string_pretty(value)?),
        Format::Text => line(&text(value)),
    }
}

/// Writes a line to stdout. A reader that has gone away is no failure.
pub fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// `name: value` lines, aligned.
pub fn fields(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: Vec<_> =
        rows.iter().map(|(name, value)| format!("{name:width$}  {value}")).collect();
    lines.join("\n")
}

/// The members of a document, a line each.
pub fn document(value: &impl Serialize) -> String {
    serde_json::to_value(value).map(|value| object(&value)).unwrap_or_default()
}

/// The members of an answer, a line each.
pub fn object(value: &Value) -> String {
    let members = value.as_object().into_iter().flatten();
    fields(&members.map(|(name, value)| (name.as_str(), text(value))).collect::<Vec<_>>())
}

/// A moment in an answer, milliseconds, as RFC 3339.
pub fn moment(value: &Value) -> String {
    value.as_i64().map_or_else(|| "-".to_owned(), |ms| Timestamp(ms).to_string())
}

/// Text in an answer, or a dash.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => printable(text),
        Value::Array(values) => values.iter().map(self::text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// What others have named, as it is: not what it would do to a terminal.
fn printable(text: &str) -> String {
    let turns = |character| matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || turns(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Bytes as people read them.
pub fn bytes(count: u64) -> String {
    indicatif::HumanBytes(count).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_named_does_nothing_to_a_terminal() {
        assert_eq!(text(&Value::from("a\u{1b}[2J\nb\u{202e}c é")), "a\\u{1b}[2J\\nb\\u{202e}c é");
    }
}
