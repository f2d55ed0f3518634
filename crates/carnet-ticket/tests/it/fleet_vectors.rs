//! `ca-and-registry.json`: names, enrollment tokens, methods and the life of tasks.

use carnet_ticket::enrollment::EnrollmentToken;
use carnet_ticket::identity::{WorkerName, peer};
use carnet_ticket::rpc::{Method, MethodError};
use carnet_ticket::task::{Life, LifeError, Step};
use carnet_ticket::worker_token::WorkerScope;
use serde_json::json;

use crate::runner::{self, Input, Outcome, error, variant};

const OPS: &[(&str, runner::Op)] = &[
    ("worker_name", worker_name),
    ("peer_identity", peer_identity),
    ("enrollment_token", enrollment_token),
    ("rpc_scope", rpc_scope),
    ("task_state", task_state),
];

#[test]
fn vectors_ca_and_registry() {
    runner::run("ca-and-registry.json", OPS);
}

fn worker_name(input: &mut Input) -> Outcome {
    let name: WorkerName = input.text("name").parse().map_err(|fault| error(&variant(&fault)))?;
    Ok(json!({ "name": name.as_str() }))
}

fn peer_identity(input: &mut Input) -> Outcome {
    let uris = input.take("uri_sans");
    let uris: Vec<_> = uris.as_array().unwrap().iter().map(|uri| uri.as_str().unwrap()).collect();
    let trust_domain = input.text("trust_domain").parse().unwrap();
    let id = peer(&uris, &trust_domain).map_err(|fault| error(&variant(&fault)))?;
    assert_eq!(id.to_string(), uris[0]);
    Ok(json!({ "kind": id.kind().as_str(), "name": id.name() }))
}

fn enrollment_token(input: &mut Input) -> Outcome {
    let text = input.text("token");
    let token = EnrollmentToken::decode(&text).map_err(|fault| error(&variant(&fault)))?;
    assert_eq!(*token.encode(), text);
    Ok(json!({
        "secret_sha256": hex::encode(token.digest().0),
        "ca_sha256": hex::encode(token.ca_sha256()),
        "length": text.len(),
    }))
}

fn rpc_scope(input: &mut Input) -> Outcome {
    let scopes = input.take("token_scopes");
    let scopes = scopes.as_array().unwrap().iter();
    let scopes = scopes.map(|scope| WorkerScope::parse(scope.as_str().unwrap()).unwrap()).collect();
    let method = Method::permitted(&input.text("method"), &scopes);
    method.map_err(|fault| {
        let status = match fault {
            MethodError::UnknownMethod => 400,
            MethodError::ScopeMissing => 403,
            MethodError::NotImplemented => 501,
        };
        json!({ "error": variant(&fault), "status": status })
    })?;
    Ok(json!({ "allowed": true }))
}

/// The attempts of a task when nobody says how many.
const MAX_ATTEMPTS: u32 = 3;

fn task_state(input: &mut Input) -> Outcome {
    let mut life = Life::new(MAX_ATTEMPTS);
    for event in input.take("events").as_array().unwrap() {
        let step = match event.as_str().unwrap() {
            "place" => Step::Place,
            "start" => Step::Start,
            "succeed" => Step::Succeed,
            "fail_retryable" => Step::Fail { is_retryable: true },
            "worker_lost" => Step::Lose,
            "cancel" => Step::Cancel,
            "deadline" => Step::Expire,
            other => panic!("no such event: {other}"),
        };
        life = life.after(step).map_err(|fault| match fault {
            LifeError::Final => json!({ "error": "Final", "status": 409 }),
            LifeError::Stale => json!({ "error": "stale_lease", "status": 409 }),
        })?;
    }
    Ok(json!({ "state": life.state.as_str(), "attempt": life.attempt }))
}
