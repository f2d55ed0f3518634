//! What is wrong with a body, in the words that Crank's clients know (those of `FastAPI`). Source: worker runtime spec,
//! section 9.

use http::StatusCode;
use serde_json::{Value, json};

use crate::problem::Problem;

/// One thing that is wrong with a body.
pub(super) fn fault(kind: &str, at: &[Value], message: &str, input: &Value) -> Value {
    let place: Vec<_> = std::iter::once(&json!("body")).chain(at).cloned().collect();
    json!({ "type": kind, "loc": place, "msg": message, "input": input })
}

/// A member that has to be there is not.
pub(super) fn missing(at: &[Value], input: &Value) -> Value {
    fault("missing", at, "Field required", input)
}

/// A member is no text.
pub(super) fn no_text(at: &[Value], input: &Value) -> Value {
    fault("string_type", at, "Input should be a valid string", input)
}

/// A member is no list.
pub(super) fn no_list(at: &[Value], input: &Value) -> Value {
    fault("list_type", at, "Input should be a valid list", input)
}

/// A member is no number.
pub(super) fn no_number(at: &[Value], input: &Value) -> Value {
    let message = "Input should be a valid number, unable to parse string as a number";
    fault("float_parsing", at, message, input)
}

/// The body is no dictionary.
pub(crate) fn no_dictionary(input: &Value) -> Value {
    fault("dict_type", &[], "Input should be a valid dictionary", input)
}

/// The body is no object.
pub(super) fn no_object(input: &Value) -> Value {
    let message = "Input should be a valid dictionary or object to extract fields from";
    fault("model_attributes_type", &[], message, input)
}

/// 422, with everything that is wrong.
pub(crate) fn unprocessable(faults: Vec<Value>) -> Problem {
    Problem::detailed(StatusCode::UNPROCESSABLE_ENTITY, "unprocessable", faults)
}

/// The JSON of a body, or where it stops to be that, in the words of `FastAPI`.
pub(crate) fn json(bytes: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let at = [offset(bytes, &error).into()];
        let mut invalid = fault("json_invalid", &at, "JSON decode error", &json!({}));
        invalid["ctx"] = json!({ "error": "Expecting value" });
        unprocessable(vec![invalid])
    })
}

/// The byte at which a text stops to be JSON.
fn offset(bytes: &[u8], error: &serde_json::Error) -> usize {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
    let before: usize = lines.map(<[u8]>::len).sum();
    // Columns count from 1, and one that ends too early is found behind its last byte.
    let column = if error.is_eof() { error.column() } else { error.column().saturating_sub(1) };
    let found = (before + column).min(bytes.len());
    // Of a word that is none it is where the word begins.
    found - bytes[..found].iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count()
}

/// Reads members of one object, and remembers what is wrong with them, in the order in which they are asked for.
pub(super) struct Members<'a> {
    body: &'a Value,
    faults: Vec<Value>,
}

impl<'a> Members<'a> {
    /// The members of a body.
    pub(super) fn of(body: &'a Value) -> Self {
        Self { body, faults: Vec::new() }
    }

    /// A member that has to be there.
    pub(super) fn required(&mut self, name: &str) -> Option<&'a Value> {
        let value = self.body.get(name);
        if value.is_none() {
            self.faults.push(missing(&[name.into()], self.body));
        }
        value
    }

    /// A text that has to be there.
    pub(super) fn text(&mut self, name: &str) -> String {
        let Some(value) = self.required(name) else { return String::new() };
        if !value.is_string() {
            self.faults.push(no_text(&[name.into()], value));
        }
        value.as_str().unwrap_or_default().to_owned()
    }

    /// A text that may be there.
    pub(super) fn maybe_text(&mut self, name: &str) -> Option<String> {
        let value = self.body.get(name).filter(|value| !value.is_null())?;
        if !value.is_string() {
            self.faults.push(no_text(&[name.into()], value));
        }
        value.as_str().map(str::to_owned)
    }

    /// A list that has to be there.
    pub(super) fn list(&mut self, name: &str) -> &'a [Value] {
        let Some(value) = self.required(name) else { return &[] };
        if !value.is_array() {
            self.faults.push(no_list(&[name.into()], value));
        }
        value.as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// A list of texts that has to be there.
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        let list = self.list(name);
        for (index, value) in list.iter().enumerate().filter(|(_, value)| !value.is_string()) {
            self.faults.push(no_text(&[name.into(), index.into()], value));
        }
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// What was wrong.
    pub(super) fn faults(self) -> Vec<Value> {
        self.faults
    }
}
