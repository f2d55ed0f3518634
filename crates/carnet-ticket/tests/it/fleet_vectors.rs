//! `ca-and-registry.json`: names and enrollment tokens.

use carnet_ticket::enrollment::EnrollmentToken;
use carnet_ticket::identity::{WorkerName, peer};
use serde_json::json;

use crate::runner::{self, Input, Outcome, error, variant};

const OPS: &[(&str, runner::Op)] = &[
    ("worker_name", worker_name),
    ("peer_identity", peer_identity),
    ("enrollment_token", enrollment_token),
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
