//! `validators.json`: tokens, their keys, and what tells their validators apart.

use std::time::Duration;

use carnet_ticket::capability::TicketKey;
use carnet_ticket::id::{KeyId, UniqueId};
use carnet_ticket::jwt::{
    self, Algorithm, EdDsa, Es384, Hs256, Hs384, Hs512, Jwt, JwtError, JwtTicketBuilder, KeyRing,
    SigningKey, VerifyingKey,
};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Bearer;
use serde_json::{Value, json};

use crate::runner::{self, Input, Outcome, error, variant};

const OPS: &[(&str, runner::Op)] = &[
    ("jwt_verify", verify),
    ("jwt_signature", signature),
    ("jwt_build", build),
    ("jwk_import", import),
    ("key_id", key_id),
];

/// Promise: V-29
#[test]
fn vectors_jwt() {
    runner::run("validators.json", OPS);
}

fn verify(input: &mut Input) -> Outcome {
    let validator = validator(&input.take("validator"), |jwk| {
        VerifyingKey::from_jwk(&jwk.to_string()).unwrap()
    });
    let now = Timestamp::from_unix_s(i64::try_from(input.number("now")).unwrap());
    let subject = input.maybe("bearer_subject");
    let bearer = Bearer { subject: subject.as_ref().and_then(Value::as_str), ..Bearer::nobody() };
    let text = input.text("token");
    let token = validator.verify_text(&text, &bearer, now).map_err(|fault| shown(&fault))?;
    Ok(json!({
        "expires": token.expires().moment().map(Timestamp::unix_s),
        "subject": token.subject(),
        "jti": token.token_id(),
        "content_id": jwt::content_id(&text),
    }))
}

fn signature(input: &mut Input) -> Outcome {
    let validator = validator(&input.take("validator"), |key| {
        let digits = key["hex"].as_str().unwrap();
        match key["alg"].as_str().unwrap() {
            "ES384" => Es384::hex(digits).unwrap().into(),
            "EdDSA" => EdDsa::hex(digits).unwrap().into(),
            name => {
                let algorithm = Algorithm::from_name(name).unwrap();
                VerifyingKey::hmac(algorithm, &hex::decode(digits).unwrap()).unwrap()
            }
        }
    });
    Ok(json!({ "signature": validator.signature() }))
}

fn build(input: &mut Input) -> Outcome {
    let key = input.take("key");
    let digits = key["hex"].as_str().unwrap();
    let key: SigningKey = match key["alg"].as_str().unwrap() {
        "HS256" => Hs256::hex(digits).into(),
        "HS384" => Hs384::hex(digits).into(),
        "HS512" => Hs512::hex(digits).into(),
        other => panic!("unknown algorithm {other}"),
    };
    let peer = UniqueId::from_hex(&input.text("peer")).unwrap();
    let seconds = |value: Value| Timestamp::from_unix_s(value.as_i64().unwrap());
    let mut builder = JwtTicketBuilder::new(key).issued_at(seconds(input.take("issued_at")));
    if let Some(issuer) = input.maybe("issuer") {
        builder = builder.issuer(issuer.as_str().unwrap());
    }
    if let Some(moment) = input.maybe("expires") {
        builder = builder.expires_at(Expiration::At(seconds(moment)));
    }
    if let Some(Value::Object(claims)) = input.maybe("claims") {
        builder =
            claims.into_iter().fold(builder, |builder, (name, value)| builder.claim(name, value));
    }
    let ticket = builder.build(peer.as_bytes()).map_err(|fault| error(&variant(&fault)))?;
    let token = std::str::from_utf8(ticket.data()).unwrap();
    assert_eq!(builder.subject(peer.to_string()).sign().as_deref(), Ok(token));
    Ok(json!({ "token": token, "ticket_id": ticket.id() }))
}

fn import(input: &mut Input) -> Outcome {
    let key = VerifyingKey::from_jwk(&input.take("jwk").to_string());
    let key = key.map_err(|fault| error(&variant(&fault)))?;
    let algorithms: Vec<_> = key.algorithms().map(Algorithm::as_str).collect();
    Ok(json!({ "algs": algorithms, "key_id": key.key_id().to_string() }))
}

fn key_id(input: &mut Input) -> Outcome {
    let id = if let Some(jwk) = input.maybe("jwk") {
        VerifyingKey::from_jwk(&jwk.to_string()).unwrap().key_id()
    } else {
        let secret = input.text("secret");
        match input.text("kind").as_str() {
            "capability-secret" => TicketKey::from_secret(&secret).key_id(),
            "worker-signing-key" => KeyId::of(secret.trim().as_bytes()),
            other => panic!("unknown kind {other}"),
        }
    };
    Ok(json!({ "key_id": id.to_string() }))
}

/// A validator as a case describes it.
fn validator(case: &Value, key: impl Fn(&Value) -> VerifyingKey) -> Jwt {
    let keys: Vec<_> = case["keys"].as_array().unwrap().iter().map(key).collect();
    let mut jwt = match (case["ring"].as_str(), keys.split_first()) {
        (Some(name), None) => Jwt::with_ring(KeyRing::named(name)),
        (None, Some((first, others))) => {
            others.iter().cloned().fold(Jwt::with_key(first.clone()), Jwt::add_key)
        }
        _ => panic!("keys or a ring"),
    };
    for (setting, value) in case.as_object().unwrap() {
        let text = || value.as_str().unwrap();
        let texts = || value.as_array().unwrap().iter().map(|text| text.as_str().unwrap());
        let duration = || Duration::from_secs(value.as_u64().unwrap());
        jwt = match setting.as_str() {
            "keys" | "ring" => jwt,
            _ if value.is_null() || *value == false => jwt,
            "issuers" => texts().fold(jwt, Jwt::allow_issuer),
            "audiences" => texts().fold(jwt, Jwt::allow_audience),
            "subject" => jwt.require_subject(text()),
            "any_subject" => jwt.any_subject(),
            "allow_non_expiring" => jwt.allow_non_expiring(),
            "max_lifetime_s" => jwt.max_lifetime(duration()),
            "max_age_s" => jwt.max_age(duration()),
            "leeway_s" => jwt.leeway(duration()),
            "typ" => jwt.require_typ(text()),
            "strict" => jwt.strict(),
            "claims" => {
                let claims = value.as_object().unwrap().clone();
                claims.into_iter().fold(jwt, |jwt, (name, value)| jwt.require_claim(name, value))
            }
            other => panic!("unknown setting {other}"),
        };
    }
    jwt
}

fn shown(fault: &JwtError) -> Value {
    error(&format!("{fault:?}"))
}
