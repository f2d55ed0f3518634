//! `worker-token.json`: the bytes of worker tokens, and who is let in with them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{
    Audience, CLASS, Claims, HmacKey, WorkerAuth, WorkerHeaders, WorkerIdentity, WorkerKeys,
    authenticate, jwks, mint_v1, mint_v2,
};
use serde_json::{Map, Value, json};

use crate::runner::{self, Input, Outcome, error};

const OPS: &[(&str, runner::Op)] = &[("mint", mint), ("authenticate", who)];

/// Promise: W-1, W-2
#[test]
fn vectors_worker_token() {
    runner::run("worker-token.json", OPS);
}

fn mint(input: &mut Input) -> Outcome {
    match input.text("format").as_str() {
        "stacyvm-worker-v1" => mint_under_secret(input),
        "carnet-worker-v2" => mint_under_seed(input),
        other => panic!("unknown format {other}"),
    }
}

fn mint_under_secret(input: &mut Input) -> Outcome {
    let claims = claims(&input.take("claims"));
    let key = HmacKey::from_text(&input.text("key"));
    let token = key.and_then(|key| mint_v1(&key, &claims)).map_err(fault)?;
    Ok(shown_token(&token))
}

fn mint_under_seed(input: &mut Input) -> Outcome {
    let seed = input.bytes("seed_hex").try_into().expect("a seed is 32 bytes");
    let key = SigningKey::from_seed(&seed).expect("the seed makes a key");
    let token = mint_v2(&key, &claims(&input.take("claims"))).map_err(fault)?;
    let mut shown = shown_token(&token);
    shown["kid"] = json!(key.verifying_key().key_id().to_string());
    shown["jwk"] = json!(jwks::Jwk::of(key.verifying_key(), jwks::USE));
    Ok(shown)
}

fn shown_token(token: &str) -> Value {
    let (signed, _) = token.rsplit_once('.').unwrap();
    let (_, payload) = signed.rsplit_once('.').unwrap();
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap();
    json!({
        "payload_json": String::from_utf8(payload).unwrap(),
        "token": token,
        "token_len": token.len(),
        "content_id": CLASS.derive(signed),
    })
}

fn who(input: &mut Input) -> Outcome {
    let profile = match input.text("profile").as_str() {
        "strict" => Profile::Strict,
        "compat" => Profile::Compat,
        other => panic!("unknown profile {other}"),
    };
    let endpoint = match input.text("endpoint").as_str() {
        "control-plane" => Audience::ControlPlane,
        "rpc" => Audience::Rpc,
        other => panic!("unknown endpoint {other}"),
    };
    let Value::Object(config) = input.take("config") else { panic!("config is no object") };
    let auth = WorkerAuth { keys: keys(config), profile };
    let Value::Object(sent) = input.take("headers") else { panic!("headers is no object") };
    let header = |name: &str| {
        let found = sent.iter().find(|(sent, _)| sent.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| value.as_str())
    };
    let headers = WorkerHeaders {
        worker_id: header("x-worker-id"),
        worker_token: header("x-worker-token"),
        authorization: header("authorization"),
    };
    let now = Timestamp::from_unix_s(i64::try_from(input.number("now_unix")).unwrap());
    authenticate(&auth, endpoint, &headers, now).map(|identity| shown(&identity)).map_err(fault)
}

/// The keys of a configuration. What is not taken out of it is an unknown field.
fn keys(mut config: Map<String, Value>) -> WorkerKeys {
    let mut texts = |name: &str| match config.remove(name).unwrap_or_default() {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text],
        list => serde_json::from_value(list).unwrap(),
    };
    let secrets = [texts("worker_signing_key"), texts("worker_signing_keys")].concat();
    let (shared, revoked) = (texts("worker_token"), texts("worker_revoked_token_ids"));
    let per_worker = config.remove("worker_tokens").unwrap_or_default();
    let per_worker = per_worker.as_object().into_iter().flatten();
    let set = config.remove("worker_jwks").map(|set| set.to_string());
    assert!(config.is_empty(), "unknown fields {config:?}");
    WorkerKeys::new()
        .with_hmac(secrets.iter().filter_map(|text| HmacKey::from_text(text).ok()))
        .and_then(|keys| {
            keys.with_public(set.map_or_else(Vec::new, |set| jwks::read(&set).unwrap()))
        })
        .unwrap()
        .with_shared_token(shared.first().map_or("", String::as_str))
        .with_worker_tokens(per_worker.map(|(id, token)| (id.as_str(), token.as_str().unwrap())))
        .with_revoked_ids(revoked.iter().map(String::as_str))
}

fn claims(value: &Value) -> Claims {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| value[name].as_i64().unwrap_or_default();
    let scopes = value["scopes"].as_array().into_iter().flatten();
    Claims {
        worker_id: text("worker_id"),
        token_id: text("jti"),
        audience: text("aud"),
        scopes: scopes.map(|scope| scope.as_str().unwrap().to_owned()).collect(),
        expires_s: number("exp"),
        issued_at_s: number("iat"),
        not_before_s: number("nbf"),
    }
}

fn shown(identity: &WorkerIdentity) -> Value {
    let scopes: Vec<_> = identity.scopes.as_slice().iter().map(|scope| scope.as_str()).collect();
    json!({
        "worker_id": identity.worker_id,
        "scopes": scopes,
        "via": identity.via.as_str(),
        "jti": identity.token_id,
        "expires": identity.expires.moment().map(Timestamp::unix_s),
        "content_id": identity.content_id,
    })
}

fn fault(fault: impl std::fmt::Debug) -> Value {
    error(&format!("{fault:?}"))
}
