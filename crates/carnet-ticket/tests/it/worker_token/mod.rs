//! Properties of worker tokens that vectors cannot show.

mod auth;
mod gate;
mod members;
mod mint;
mod signature;
mod time;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carnet_ticket::claim::ClaimName;
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{
    Audience, Claims, Format, HmacKey, WorkerKeys, WorkerToken, WorkerTokenError, mint_v1, mint_v2,
    verify,
};

const SECRET: &str = "worker-signing-key-with-at-least-32-bytes";
const NOW_S: i64 = 1_778_320_860;
const NOW: Timestamp = Timestamp::from_unix_s(NOW_S);

/// Each way to judge a token.
const WAYS: [(Format, Profile); 4] = [
    (Format::V1, Profile::Strict),
    (Format::V1, Profile::Compat),
    (Format::V2, Profile::Strict),
    (Format::V2, Profile::Compat),
];

fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32]).unwrap()
}

fn hmac_key(secret: &str) -> HmacKey {
    HmacKey::from_text(secret).unwrap()
}

fn keys() -> WorkerKeys {
    let public = signing_key(1).verifying_key().clone();
    WorkerKeys::new().with_hmac([hmac_key(SECRET)]).unwrap().with_public([public]).unwrap()
}

fn claims() -> Claims {
    Claims {
        worker_id: "worker-a".to_owned(),
        token_id: "token-1".to_owned(),
        audience: Audience::ControlPlane.as_str().to_owned(),
        scopes: vec!["worker:heartbeat".to_owned()],
        expires_s: NOW_S + 240,
        issued_at_s: NOW_S - 60,
        not_before_s: 0,
    }
}

fn mint(format: Format, claims: &Claims) -> String {
    match format {
        Format::V1 => mint_v1(&hmac_key(SECRET), claims).unwrap(),
        Format::V2 => mint_v2(&signing_key(1), claims).unwrap(),
    }
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token of any payload, with a signature that holds.
fn sign(format: Format, json: impl AsRef<[u8]>) -> String {
    sign_text(format, &base64(json))
}

/// A token of any text for a payload, with a signature that holds.
fn sign_text(format: Format, payload: &str) -> String {
    match format {
        Format::V1 => {
            let signed = format!("stacyvm-worker-v1.{payload}");
            let mac = hmac(SECRET, &signed);
            format!("{signed}.{mac}")
        }
        Format::V2 => {
            let key = signing_key(1);
            let signed = format!("carnet-worker-v2.{}.{payload}", key.verifying_key().key_id());
            let signature = base64(key.sign(signed.as_bytes()));
            format!("{signed}.{signature}")
        }
    }
}

/// HMAC-SHA256 in base64url, made without the code under test.
fn hmac(secret: &str, text: &str) -> String {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    base64(aws_lc_rs::hmac::sign(&key, text.as_bytes()))
}

/// The payload of [`claims`], with each of `changes` in place of the member it names; `None` leaves it out.
fn payload(changes: &[(&str, Option<&str>)]) -> String {
    let (expires, issued_at) = (claims().expires_s.to_string(), claims().issued_at_s.to_string());
    let members = [
        ("worker_id", "\"worker-a\""),
        ("jti", "\"token-1\""),
        ("aud", "\"worker:control-plane\""),
        ("scopes", "[\"worker:heartbeat\"]"),
        ("exp", &expires),
        ("iat", &issued_at),
    ];
    let is_changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
    let kept = members.into_iter().filter(|(name, _)| !is_changed(name));
    let new = changes.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    let members: Vec<_> =
        kept.chain(new).map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn judge(profile: Profile, token: &str) -> Result<WorkerToken, WorkerTokenError> {
    verify(token, &keys(), profile, Some(Audience::ControlPlane), NOW)
}

/// What comes of the payload of [`claims`] with one member changed.
fn judge_with(
    (format, profile): (Format, Profile),
    name: &str,
    value: Option<&str>,
) -> Result<WorkerToken, WorkerTokenError> {
    judge(profile, &sign(format, payload(&[(name, value)])))
}

fn missing(name: &str) -> WorkerTokenError {
    WorkerTokenError::MissingClaim(ClaimName::new(name))
}

fn wrong(name: &str) -> WorkerTokenError {
    WorkerTokenError::WrongType(ClaimName::new(name))
}

fn repeated(name: &str) -> WorkerTokenError {
    WorkerTokenError::DuplicateClaim(ClaimName::new(name))
}
