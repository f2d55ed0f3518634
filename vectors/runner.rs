//! Runs the cases of one vector file. Included by the test binary of every crate that owns operations.
//!
//! Every case's operation must be in the table of operations or stand by name among those that run
//! elsewhere; every field of a case's input must be read by its operation; every field that a case expects
//! must be equal. Anything else fails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

/// Where operations run.
const ELSEWHERE: &[(&str, &str)] = &[
    ("unique_id", "runs in carnet-ticket"),
    ("unique_id_json", "runs in carnet-ticket"),
    ("ticket", "runs in carnet-ticket"),
    ("ticket_decode", "runs in carnet-ticket"),
    ("expiration_cmp", "runs in carnet-ticket"),
    ("expiration_at", "runs in carnet-ticket"),
    ("expiration_wire", "runs in carnet-ticket"),
    ("jwt_verify", "runs in carnet-ticket"),
    ("jwt_signature", "runs in carnet-ticket"),
    ("jwt_build", "runs in carnet-ticket"),
    ("jwk_import", "runs in carnet-ticket"),
    ("key_id", "runs in carnet-ticket"),
    ("key-text", "runs in carnet-ticket"),
    ("id-user", "runs in carnet-ticket"),
    ("id-realm", "runs in carnet-ticket"),
    ("id-client", "runs in carnet-ticket"),
    ("id-ticket", "runs in carnet-ticket"),
    ("id-token", "runs in carnet-ticket"),
    ("p256", "runs in carnet-ticket"),
    ("encode", "runs in carnet-ticket"),
    ("decode", "runs in carnet-ticket"),
    ("inspect", "runs in carnet-ticket"),
    ("admit", "runs in carnet-ticket"),
    ("permits", "runs in carnet-ticket"),
    ("charge", "runs in carnet-gate"),
    ("mint", "runs in carnet-ticket"),
    ("authenticate", "runs in carnet-ticket"),
    ("revocation", "runs in carnet-gate"),
    ("meter", "runs in carnet-gate"),
    ("node-decode", "runs in carnet-realm"),
    ("node-encode", "runs in carnet-realm"),
    ("layout", "runs in carnet-realm"),
    ("capacity", "runs in carnet-realm"),
    ("write-file", "runs in carnet-realm"),
    ("read-file", "runs in carnet-realm"),
    ("accept", "runs in carnet-realm"),
    ("accept-syntax", "runs in carnet-realm"),
    ("attenuate", "runs in carnet-realm"),
    ("depot-history", "runs in carnet-realm"),
    ("range", "runs in carnet-realm"),
    ("checksum", "runs in carnet-realm"),
    ("ticket-state", "runs in carnet-server"),
    ("scope-read", "runs in carnet-server"),
    ("scope-reference", "runs in carnet-server"),
    ("quota", "runs in carnet-server"),
    ("worker_name", "runs in carnet-ticket"),
    ("peer_identity", "runs in carnet-ticket"),
    ("enrollment_token", "runs in carnet-ticket"),
    ("rpc_scope", "runs in carnet-ticket"),
    ("task_state", "runs in carnet-ticket"),
    ("lease_sequence", "runs in carnet-store"),
    ("task_request", "runs in carnet-server"),
    ("csr", "runs in carnet-authority"),
    ("renewal_schedule", "runs in carnet-authority"),
    ("renewal_decision", "runs in carnet-authority"),
    ("http worker_https", "runs in examples"),
    ("http fleet", "runs in carnet-server"),
    ("worker_state", "runs in carnet-server"),
    ("placement", "runs in carnet-server"),
    ("doc_detect", "runs in examples"),
    ("image_classify", "runs in examples"),
    ("email_parse", "runs in examples"),
    ("heartbeat_encode", "runs in carnet-worker"),
    ("service_type", "runs in carnet-worker"),
    ("capability", "runs in carnet-worker"),
    ("version_parse", "runs in carnet-worker"),
    ("version_compatible", "runs in carnet-worker"),
    ("cert_dir", "runs in carnet-worker"),
    ("cert_files", "runs in carnet-worker"),
    ("lease_accept", "runs in carnet-worker"),
    ("rpc_idempotency", "runs in carnet-worker"),
];

/// What waits for something that is still to be built: operations, and single cases by their id.
const PENDING: &[(&str, &str)] = &[
    ("tdx_criteria_signature", "waits for the TDX class"),
    ("tdx_signature", "waits for the TDX class"),
    ("tdx_report_data", "waits for the TDX class"),
    ("tdx_quote", "waits for the TDX class"),
    ("ticket-state-committed-prepare", "waits for prepare-nodes"),
];

/// Where a case names its operation: the first of these that its input has.
const OP_FIELDS: [&str; 2] = ["op", "kind"];

/// What else an operation's name has, after a space: requests to different listeners are different operations.
const OP_PLACE: &str = "listener";

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

/// Runs all cases of `file` whose operation is in `ops`. What runs in another crate or is pending stands in the
/// tables above and is printed; any other operation fails.
pub fn run(file: &str, ops: &[(&str, Op)]) {
    let text = std::fs::read_to_string(directory().join(file))
        .unwrap_or_else(|error| panic!("{file}: {error}"));
    let document: Value = serde_json::from_str(&text).expect("the vector file is JSON");
    let cases = document["cases"].as_array().expect("the vector file has cases");
    let ops: BTreeMap<_, _> = ops.iter().copied().collect();
    let pending: BTreeMap<_, _> = PENDING.iter().copied().collect();
    let known: BTreeMap<_, _> = ELSEWHERE.iter().chain(PENDING).copied().collect();
    let (mut ran, mut passed_over) = (0, BTreeMap::<&str, usize>::new());
    let mut failures = Vec::new();
    for case in cases {
        let id = case["id"].as_str().expect("a case has an id");
        let op = &op_name(&case["input"]);
        match ops.get(op.as_str()).filter(|_| !pending.contains_key(id)) {
            Some(run) => {
                ran += 1;
                failures.extend(judge(case, *run));
            }
            None => {
                match [id, op.as_str()].into_iter().find_map(|name| known.get_key_value(name)) {
                    Some((name, _)) => *passed_over.entry(name).or_default() += 1,
                    None => failures.push(format!("{id}: unknown operation {op}")),
                }
            }
        }
    }
    for (name, count) in passed_over {
        println!("{file}: {count} cases of {name}: {}", known[name]);
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
    input.0.remove(op_field(&case["input"]));
    input.0.remove(OP_PLACE);
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

fn op_name(input: &Value) -> String {
    let op = input[op_field(input)].as_str().expect("a case names its operation");
    match input[OP_PLACE].as_str() {
        Some(place) => format!("{op} {place}"),
        None => op.to_owned(),
    }
}

fn op_field(input: &Value) -> &'static str {
    let named = OP_FIELDS.into_iter().find(|field| input.get(field).is_some());
    named.expect("a case names its operation")
}

/// Stands for any value that the page allows there.
const ANY: &str = "<any>";

/// Whether every field that `expected` shows is equal in `actual`.
fn is_within(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::String(any), _) if any == ANY => true,
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len()
                && expected.iter().zip(actual).all(|(expected, actual)| is_within(expected, actual))
        }
        (Value::Object(expected), Value::Object(actual)) => expected
            .iter()
            .all(|(name, value)| actual.get(name).is_some_and(|actual| is_within(value, actual))),
        _ => expected == actual,
    }
}

#[expect(clippy::disallowed_methods, reason = "the runner is told where its vectors are")]
fn directory() -> PathBuf {
    std::env::var_os("CARNET_VECTORS_DIR").map_or_else(
        || {
            let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
            let found =
                above.find_map(|folder| Some(folder.join("vectors")).filter(|it| it.is_dir()));
            found.expect("the project has a folder vectors")
        },
        PathBuf::from,
    )
}
