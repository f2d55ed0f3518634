//! The canonical text of an event: RFC 8785 JSON, written by hand, since hashing must not depend on how a library
//! orders members or prints numbers.
//!
//! What it needs of RFC 8785 is little: texts are [`Text`](super::Text)s, so that only `"` and `\` are escaped, and
//! numbers are integers that a double holds exactly, so that they are their digits.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::event::{Actor, Event};

/// The most bytes of a canonical text. What the types of [`Event`] allow is less.
pub const CANONICAL_LEN_MAX: usize = 64 * 1024;

/// The largest integer that a double and all below it hold exactly.
const EXACT_MAX: i64 = (1 << 53) - 1;

/// Whether every JSON reader keeps `number` as it is.
pub(super) const fn is_exact(number: i64) -> bool {
    -EXACT_MAX <= number && number <= EXACT_MAX
}

/// The text of `event` as number `seq`. Members stand in the order of their names, absent ones nowhere.
pub(super) fn write_event(seq: u64, event: &Event) -> String {
    let mut out = String::with_capacity(512);
    let mut object = Object::begin(&mut out);
    object.text("action", &event.action);
    write_actor(object.name("actor"), &event.actor);
    object.integer("at", event.at.0);
    write_members(object.name("details"), event.details.members());
    object.maybe_integer("duration_ms", event.duration_ms);
    object.text("kind", event.kind.as_str());
    object.maybe_text("method", event.method.as_deref());
    object.maybe_text("on_behalf_of", event.on_behalf_of.as_deref());
    object.text("outcome", event.outcome.as_str());
    object.maybe_text("path", event.path.as_deref());
    object.maybe_text("reason", event.reason.as_deref());
    object.maybe_text("remote_addr", event.remote_addr.as_deref());
    object.text("request_id", &event.request_id);
    object.maybe_text("rule", event.rule.as_deref());
    object.maybe_integer("seq", Some(seq));
    object.maybe_integer("status", event.status.map(u64::from));
    object.text("target", &event.target);
    object.maybe_text("tenant_id", event.tenant_id.as_deref());
    object.maybe_text("user_agent", event.user_agent.as_deref());
    object.end();
    out
}

fn write_actor(out: &mut String, actor: &Actor) {
    let mut object = Object::begin(out);
    object.text("class", &actor.class);
    object.maybe_text("fingerprint", actor.fingerprint.as_deref());
    object.text("id", &actor.id);
    object.maybe_text("role", actor.role.as_deref());
    object.end();
}

/// Writes an object that [`Details`](super::Details) has cleaned. Names are ordered by UTF-16 code units (RFC 8785,
/// section 3.2.3).
pub(super) fn write_members(out: &mut String, members: &Map<String, Value>) {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    let mut object = Object::begin(out);
    for (name, value) in members {
        write_value(object.name(name), value);
    }
    object.end();
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_integer(out, number.as_i64().unwrap_or(0)),
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => write_members(out, members),
    }
}

/// Writes a text that has no control characters.
fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}

fn write_integer(out: &mut String, number: i64) {
    // Writing to a string does not fail.
    let _ = write!(out, "{}", number.clamp(-EXACT_MAX, EXACT_MAX));
}

/// An object that is being written.
struct Object<'a> {
    out: &'a mut String,
    is_empty: bool,
}

impl<'a> Object<'a> {
    fn begin(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, is_empty: true }
    }

    /// Writes a name; the value has to follow.
    fn name(&mut self, name: &str) -> &mut String {
        if !self.is_empty {
            self.out.push(',');
        }
        self.is_empty = false;
        write_text(self.out, name);
        self.out.push(':');
        self.out
    }

    fn text(&mut self, name: &str, text: &str) {
        write_text(self.name(name), text);
    }

    fn maybe_text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn integer(&mut self, name: &str, number: i64) {
        write_integer(self.name(name), number);
    }

    fn maybe_integer(&mut self, name: &str, number: Option<u64>) {
        if let Some(number) = number {
            self.integer(name, i64::try_from(number).unwrap_or(i64::MAX));
        }
    }

    fn end(self) {
        self.out.push('}');
    }
}
