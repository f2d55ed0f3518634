//! Runs the cases of one vector file. Included by the test binary of every crate that owns operations.
//!
//! Every case's operation must be in the table of operations or stand by name among those that run
//! elsewhere; every field of a case's input must be read by its operation; every field that a case expects
//! must be equal. Anything else fails.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

/// The input of a case. What an operation does not take is an unknown field.
pub struct Input(Map<String, Value>);

/// What came of a case: the value of `ok`, or the whole object with `error` in it.
pub type Outcome = Result<Value, Value>;

/// One operation.
pub type Op = fn(&mut Input) -> Outcome;

impl Input {
    /// Takes a field; panics when it is missing.
    pub fn take(&mut self, name: &str) -> Value {
        self.0.remove(name).unwrap_or_else(|| panic!("the case has no field {name}"))
    }

    /// Takes a field that may be missing; JSON null counts as missing.
    pub fn maybe(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    /// Takes a text field.
    pub fn text(&mut self, name: &str) -> String {
        let value = self.take(name);
        value.as_str().unwrap_or_else(|| panic!("{name} is not a text")).to_owned()
    }

    /// Takes a field of bytes in hex.
    pub fn bytes(&mut self, name: &str) -> Vec<u8> {
        hex::decode(self.text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Takes a whole number.
    pub fn number(&mut self, name: &str) -> u64 {
        let value = self.take(name);
        value.as_u64().unwrap_or_else(|| panic!("{name} is not a whole number"))
    }
}

/// The outcome that an error variant alone makes.
pub fn error(variant: &str) -> Value {
    json!({ "error": variant })
}

/// The name of an error's variant: what its `Debug` form begins with.
pub fn variant(error: &impl std::fmt::Debug) -> String {
    format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// Runs all cases of `file` whose operation is in `ops`; fails on any operation that is neither there nor in
/// `elsewhere`, which names operations and single cases that run in another crate or wait for something that
/// is still to be built, and is printed.
pub fn run(file: &str, ops: &[(&str, Op)], elsewhere: &[(&str, &str)]) {
    let text = std::fs::read_to_string(directory().join(file))
        .unwrap_or_else(|error| panic!("{file}: {error}"));
    let document: Value = serde_json::from_str(&text).expect("the vector file is JSON");
    let cases = document["cases"].as_array().expect("the vector file has cases");
    let (ops, elsewhere): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (ops.iter().copied().collect(), elsewhere.iter().copied().collect());
    let (mut ran, mut passed_over) = (0, BTreeMap::<&str, usize>::new());
    let mut failures = Vec::new();
    for case in cases {
        let op = case["input"]["op"].as_str().expect("a case names its operation");
        let id = case["id"].as_str().expect("a case has an id");
        if elsewhere.contains_key(id) {
            *passed_over.entry(id).or_default() += 1;
            continue;
        }
        match ops.get(op) {
            Some(run) => {
                ran += 1;
                failures.extend(judge(case, *run));
            }
            None if elsewhere.contains_key(op) => *passed_over.entry(op).or_default() += 1,
            None => failures.push(format!("{}: unknown operation {op}", case["id"])),
        }
    }
    for (op, count) in passed_over {
        println!("{file}: {count} cases of {op}: {}", elsewhere[op]);
    }
    println!("{file}: {ran} cases ran");
    assert!(ran > 0, "{file} has no case of the operations that run here");
    assert!(
        failures.is_empty(),
        "{} of {ran} cases of {file} fail:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn judge(case: &Value, run: Op) -> Option<String> {
    let mut input = Input(case["input"].as_object().expect("a case has an input").clone());
    input.0.remove("op");
    let outcome = match run(&mut input) {
        Ok(value) => json!({ "ok": value }),
        Err(error) => error,
    };
    if !input.0.is_empty() {
        let unknown: Vec<_> = input.0.keys().collect();
        return Some(format!("{}: unknown fields {unknown:?}", case["id"]));
    }
    let expected = &case["expect"];
    (!is_within(expected, &outcome))
        .then(|| format!("{}: expected {expected}, got {outcome}", case["id"]))
}

/// Whether every field that `expected` shows is equal in `actual`.
fn is_within(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => expected
            .iter()
            .all(|(name, value)| actual.get(name).is_some_and(|actual| is_within(value, actual))),
        _ => expected == actual,
    }
}

#[expect(clippy::disallowed_methods, reason = "the runner is told where its vectors are")]
fn directory() -> PathBuf {
    std::env::var_os("CARNET_VECTORS_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors")),
        PathBuf::from,
    )
}
