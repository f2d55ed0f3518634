//! `revocation-feed.json`: the bytes of messages, and which are believed.

use carnet_ticket::ed25519::{SigningKey, VerifyingKey};
use carnet_ticket::jws;
use carnet_ticket::revocation_feed::{DELTA_LEN_MAX, Message, MessageError, TYPE, verify};
use serde_json::{Value, json};

use crate::runner::{self, Input, Outcome, error, variant};

const OPS: &[(&str, runner::Op)] = &[("feed_sign", sign), ("feed_verify", believe)];

/// Promise: P-22
#[test]
fn vectors_revocation_feed() {
    runner::run("revocation-feed.json", OPS);
}

/// Promise: P-22
#[test]
fn a_delta_and_a_sign_of_life_are_bounded_and_a_snapshot_may_be_longer() {
    let key = SigningKey::from_seed(&[7; 32]).unwrap();
    let keys = [key.verifying_key().clone()];
    let iss = "i".repeat(DELTA_LEN_MAX);
    let of = |rest: &str| {
        let payload = format!(r#"{{"iss":"{iss}",{rest}}}"#);
        verify(&jws::sign(TYPE, &payload, &key), &keys)
    };
    let is_too_long =
        |error| matches!(error, Err(MessageError::TooLong { max, .. }) if max == DELTA_LEN_MAX);
    assert!(is_too_long(of(r#""type":"alive","seq":0,"at":0"#)));
    assert!(of(r#""type":"snapshot","seq":0,"at":0,"entries":[]"#).is_ok());
}

fn sign(input: &mut Input) -> Outcome {
    let seed = input.bytes("seed_hex").try_into().expect("a seed is 32 bytes");
    let key = SigningKey::from_seed(&seed).expect("the seed makes a key");
    let message = Message::decode(input.take("message").to_string().as_bytes()).map_err(fault)?;
    let payload = message.encode();
    Ok(json!({ "text": jws::sign(TYPE, &payload, &key), "payload_json": payload }))
}

fn believe(input: &mut Input) -> Outcome {
    let keys = input.take("keys_hex");
    let keys: Vec<_> = keys.as_array().unwrap().iter().map(key).collect();
    let text = input.text("text");
    let message = verify(&text, &keys).map_err(fault)?.into_message();
    assert_eq!(Message::decode(message.encode().as_bytes()), Ok(message.clone()));
    Ok(serde_json::from_str(&message.encode()).unwrap())
}

fn key(point: &Value) -> VerifyingKey {
    let point = hex::decode(point.as_str().unwrap()).unwrap();
    VerifyingKey::from_bytes(&point.try_into().unwrap()).unwrap()
}

fn fault(fault: MessageError) -> Value {
    error(&variant(&fault))
}
