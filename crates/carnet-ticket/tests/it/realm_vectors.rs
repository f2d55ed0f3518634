//! `realm-nodes.json`: keys and ids.

use carnet_ticket::realm::p256::{Body, Head, SignedRequest};
use carnet_ticket::realm::{AgentToken, ClientId, NodeKey, RealmId, RealmPath, TicketId};
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Profile;
use serde_json::json;

use crate::runner::{self, Input, Outcome, error, variant};

const OPS: &[(&str, runner::Op)] = &[
    ("key-text", key_text),
    ("id-user", id_user),
    ("id-realm", id_realm),
    ("id-client", id_client),
    ("id-ticket", id_ticket),
    ("id-token", id_token),
    ("p256", p256),
];

/// Promise
#[test]
fn vectors_realm_nodes() {
    runner::run("realm-nodes.json", OPS);
}

fn key_text(input: &mut Input) -> Outcome {
    let text = input.text("text");
    let key = match input.text("mode").as_str() {
        "strict" => text.parse(),
        "path" => NodeKey::parse_path(&text),
        other => panic!("unknown mode {other}"),
    };
    let key = key.map_err(|fault| error(&variant(&fault)))?;
    assert_eq!(key.to_string().parse(), Ok(key));
    Ok(json!({ "hash_hex": hex::encode(key.as_bytes()), "canonical": key }))
}

fn id_user(input: &mut Input) -> Outcome {
    let id = match input.maybe("dev_subject") {
        Some(subject) => RealmId::dev_user(subject.as_str().unwrap()),
        None => {
            let issuer = input.text("issuer");
            RealmId::user(&issuer, &input.text("subject"), issuer == input.text("realm_issuer"))
        }
    };
    id.map(|id| json!({ "user_id": id.to_string() })).map_err(|fault| error(&variant(&fault)))
}

fn id_realm(input: &mut Input) -> Outcome {
    let segment = input.text("path_segment");
    let has_dev_users = input.take("dev_users").as_bool().unwrap();
    match RealmPath::parse(&segment, has_dev_users) {
        Ok(RealmPath::Realm(id)) => Ok(json!({ "realm": id.to_string(), "echo": segment })),
        Ok(RealmPath::Home) => Ok(json!({ "realm": "self" })),
        Err(fault) => Err(error(&variant(&fault))),
    }
}

fn id_client(input: &mut Input) -> Outcome {
    Ok(json!({ "client_id": ClientId::of(&input.text("pubkey")).to_string() }))
}

fn id_ticket(input: &mut Input) -> Outcome {
    let id = TicketId::from_credential(&input.text("header_value"));
    id.map(|id| json!({ "ticket_id": id.to_string() })).map_err(|fault| error(&variant(&fault)))
}

fn id_token(input: &mut Input) -> Outcome {
    let token = input.text("token");
    let token = AgentToken::parse(&token).map_err(|fault| error(&variant(&fault)))?;
    Ok(json!({ "token_id": token.id().to_string() }))
}

fn p256(input: &mut Input) -> Outcome {
    let profile = match input.text("profile").as_str() {
        "strict" => Profile::Strict,
        "compat" => Profile::Compat,
        other => panic!("unknown profile {other}"),
    };
    let now = Timestamp::from_unix_s(input.take("now_s").as_i64().unwrap());
    let nonce = input.maybe("nonce");
    let [public_key, timestamp, signature, method, host, target] =
        ["pubkey", "timestamp", "signature", "method", "host", "target"]
            .map(|name| input.text(name));
    let head = Head {
        public_key: &public_key,
        timestamp: &timestamp,
        nonce: nonce.as_ref().map(|nonce| nonce.as_str().unwrap()),
        signature: &signature,
        method: &method,
        host: &host,
        target: &target,
    };
    let request = SignedRequest { head, body: Body::of(&input.bytes("body_hex")) };
    let client = request.verify(profile, now).map_err(|fault| error(&variant(&fault)))?;
    Ok(json!({ "client_id": client.to_string(), "string_to_sign": request.string_to_sign() }))
}
