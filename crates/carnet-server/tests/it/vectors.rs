//! `realm-nodes.json`: the rules of tickets and scope, through HTTP.

use std::collections::HashMap;

use carnet_realm::node::{self, Encoded, Limits};
use carnet_ticket::realm::NodeKey;
use serde_json::{Value, json};

use crate::runner::{self, Input, Outcome};
use crate::support::{Answer, As, Server, file, text};

const OPS: &[(&str, runner::Op)] = &[
    ("ticket-state", |input| run(ticket_state, input)),
    ("scope-read", |input| run(scope_read, input)),
    ("scope-reference", |input| run(scope_reference, input)),
    ("quota", |input| run(quota, input)),
];

const ELSEWHERE: &[(&str, &str)] = &[
    ("key-text", "runs in carnet-ticket"),
    ("id-user", "runs in carnet-ticket"),
    ("id-realm", "runs in carnet-ticket"),
    ("id-client", "runs in carnet-ticket"),
    ("id-ticket", "runs in carnet-ticket"),
    ("id-token", "runs in carnet-ticket"),
    ("node-decode", "runs in carnet-realm"),
    ("node-encode", "runs in carnet-realm"),
    ("layout", "runs in carnet-realm"),
    ("capacity", "runs in carnet-realm"),
    ("write-file", "runs in carnet-realm"),
    ("read-file", "runs in carnet-realm"),
    ("accept", "runs in carnet-realm"),
    ("accept-syntax", "runs in carnet-realm"),
    ("range", "runs in carnet-realm"),
    ("checksum", "runs in carnet-realm"),
    ("p256", "comes with signed requests"),
    ("attenuate", "comes with child tickets"),
    ("depot-history", "comes with depots"),
];

#[test]
fn vectors_realm_nodes() {
    runner::run("realm-nodes.json", OPS, ELSEWHERE);
}

/// Runs a case on a server of its own.
fn run(op: impl AsyncFnOnce(Server, &mut Input) -> Outcome, input: &mut Input) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async { op(Server::start().await, input).await })
}

/// What an answer is to a vector: its status, or its code.
fn outcome(answer: &Answer) -> Outcome {
    let status = answer.status.as_u16();
    let body = answer.json();
    if answer.status.is_success() {
        Ok(json!({ "status": status }))
    } else {
        Err(json!({ "error": body["error"], "status": status }))
    }
}
