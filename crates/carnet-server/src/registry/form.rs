//! What is wrong with a body, in the words that Crank's clients know (those of `FastAPI`). Source: worker runtime spec,
//! section 9.

use std::collections::BTreeMap;

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
pub(crate) fn no_object(input: &Value) -> Value {
    no_object_at(&[], input)
}

/// What stands somewhere in the body is no object.
pub(super) fn no_object_at(at: &[Value], input: &Value) -> Value {
    let message = "Input should be a valid dictionary or object to extract fields from";
    fault("model_attributes_type", at, message, input)
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
pub(crate) struct Members<'a> {
    body: &'a Value,
    at: Vec<Value>,
    faults: Vec<Value>,
}

impl<'a> Members<'a> {
    /// The members of a body.
    pub(crate) fn of(body: &'a Value) -> Self {
        Self::within(body, Vec::new())
    }

    /// The members of an object that stands somewhere in the body.
    pub(super) fn within(body: &'a Value, at: Vec<Value>) -> Self {
        Self { body, at, faults: Vec::new() }
    }

    /// Something else is wrong.
    pub(super) fn refuse(&mut self, fault: Value) {
        self.faults.push(fault);
    }

    /// Where a member stands.
    fn place(&self, name: &str) -> Vec<Value> {
        self.at.iter().cloned().chain([name.into()]).collect()
    }

    /// A member that may be there, if it is of this type; else it is wrong.
    fn maybe<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
        (kind, message): (&str, &str),
    ) -> Option<T> {
        let value = self.body.get(name).filter(|value| !value.is_null())?;
        let found = read(value);
        if found.is_none() {
            self.faults.push(fault(kind, &self.place(name), message, value));
        }
        found
    }

    /// A yes or no that may be there.
    pub(crate) fn maybe_flag(&mut self, name: &str) -> Option<bool> {
        self.maybe(name, Value::as_bool, ("bool_type", "Input should be a valid boolean"))
    }

    /// A whole number that may be there.
    pub(super) fn maybe_count(&mut self, name: &str) -> Option<u32> {
        let count = |value: &Value| value.as_u64().and_then(|count| u32::try_from(count).ok());
        self.maybe(name, count, ("int_type", "Input should be a valid integer"))
    }

    /// An object that may be there.
    pub(super) fn maybe_object(&mut self, name: &str) {
        self.maybe(name, Value::as_object, ("dict_type", "Input should be a valid dictionary"));
    }

    /// Texts by their names that may be there.
    pub(crate) fn maybe_texts_by_name(&mut self, name: &str) -> Option<BTreeMap<String, String>> {
        let texts = |value: &Value| {
            let texts = value.as_object()?.iter();
            texts.map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned()))).collect()
        };
        self.maybe(name, texts, ("dict_type", "Input should be a valid dictionary"))
    }

    /// What a text says; one that is none was told already.
    pub(super) fn holds<T, E: std::fmt::Display>(&mut self, name: &str, read: Result<T, E>) {
        let value = self.body.get(name).filter(|value| value.is_string());
        if let (Err(error), Some(value)) = (read, value) {
            self.faults.push(fault("value_error", &self.place(name), &error.to_string(), value));
        }
    }

    /// A member that has to be there.
    pub(super) fn required(&mut self, name: &str) -> Option<&'a Value> {
        let value = self.body.get(name);
        if value.is_none() {
            self.faults.push(missing(&self.place(name), self.body));
        }
        value
    }

    /// A text that has to be there.
    pub(crate) fn text(&mut self, name: &str) -> String {
        let Some(value) = self.required(name) else { return String::new() };
        if !value.is_string() {
            self.faults.push(no_text(&self.place(name), value));
        }
        value.as_str().unwrap_or_default().to_owned()
    }

    /// A text that may be there.
    pub(crate) fn maybe_text(&mut self, name: &str) -> Option<String> {
        self.maybe(name, Value::as_str, ("string_type", "Input should be a valid string"))
            .map(str::to_owned)
    }

    /// A list that has to be there.
    pub(super) fn list(&mut self, name: &str) -> &'a [Value] {
        let Some(value) = self.required(name) else { return &[] };
        if !value.is_array() {
            self.faults.push(no_list(&self.place(name), value));
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
    pub(crate) fn faults(self) -> Vec<Value> {
        self.faults
    }
}
