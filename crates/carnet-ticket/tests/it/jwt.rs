//! Properties of tokens that vectors cannot show.

mod claims;
mod ecdsa;
mod forms;
mod keys;
mod private;
mod signature;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carnet_ticket::claim::ClaimName;
use carnet_ticket::id::UniqueId;
use carnet_ticket::jwt::{
    Hs256, Jwt, JwtError, JwtTicketBuilder, SignError, VerifiedJwt, VerifyingKey, content_id,
    inspect, jws,
};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Bearer, Class, Facts, Presented, Reason, Verify};
use hmac::{Hmac, Mac};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::Sha256;

const SECRET: Hs256 = Hs256::new([7; 32]);
const NOW_S: i64 = 1_700_000_000;
const NOW: Timestamp = Timestamp::from_unix_s(NOW_S);

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Any header and payload under [`SECRET`], whatever they say.
fn signed(header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", base64url(header), base64url(payload));
    let mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap().chain_update(&signed);
    format!("{signed}.{}", base64url(mac.finalize().into_bytes()))
}

/// A token with these claims beside a subject and an end that count.
fn token(claims: &Value) -> String {
    let mut payload = json!({ "sub": "peer", "exp": NOW_S + 60 });
    for (name, value) in claims.as_object().unwrap() {
        payload[name] = value.clone();
    }
    // What is null here is left out.
    payload.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    signed(r#"{"alg":"HS256","typ":"JWT"}"#, &payload.to_string())
}

fn jwt() -> Jwt {
    Jwt::with_key(SECRET)
}

fn judge(jwt: &Jwt, text: &str) -> Result<VerifiedJwt, JwtError> {
    judge_at(jwt, text, NOW_S)
}

fn judge_at(jwt: &Jwt, text: &str, now_s: i64) -> Result<VerifiedJwt, JwtError> {
    let bearer = Bearer { subject: Some("peer"), ..Bearer::nobody() };
    let now = Timestamp::from_unix_s(now_s);
    let verdict = jwt.verify_text(text, &bearer, now);
    let until = verdict.as_ref().map(VerifiedJwt::expires).map_err(|fault| *fault);
    assert_eq!(jwt.validate_text(text, &bearer, now), until, "both give one verdict");
    verdict
}

fn name(name: &str) -> ClaimName {
    ClaimName::new(name)
}

/// Promise: V-7
#[test]
fn the_example_of_the_source_format_judges_as_written() {
    let key = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
    let jwt = Jwt::with_key(key).allow_issuer("my-app").allow_audience("my-stream");
    let ours = json!({ "iss": "my-app", "aud": "my-stream" });
    let verdict = |claims: &Value| judge(&jwt, &token(claims)).map(|_| ());
    assert_eq!(verdict(&ours), Ok(()));
    assert_eq!(verdict(&json!({ "iss": "other", "aud": "my-stream" })), Err(JwtError::Issuer));
    assert_eq!(verdict(&json!({ "iss": "my-app", "aud": "other" })), Err(JwtError::Audience));
    assert_eq!(judge_at(&jwt, &token(&ours), NOW_S + 60).unwrap_err(), JwtError::Expired);
    let other = Jwt::with_key(Hmac::<Sha256>::new_from_slice(&[8; 32]).unwrap());
    assert_eq!(judge(&other, &token(&ours)).unwrap_err(), JwtError::Signature);
}

#[test]
fn the_gate_learns_everything_that_revocation_goes_by() {
    let text = token(
        &json!({ "iat": NOW_S, "jti": "t-1", "aud": ["carnet:api", "x"], "groups": ["ops"] }),
    );
    let at = |audience| {
        let bearer = Bearer { subject: Some("peer"), audience, ..Bearer::nobody() };
        let presented = Presented { bearer, ..Presented::text(&text) };
        assert_eq!(presented.class(), Some(Class::Jwt));
        jwt().strict().verify(&presented, &Facts::none(), NOW)
    };
    let verified = at(Some("carnet:api")).unwrap();
    let (signed, _) = text.rsplit_once('.').unwrap();
    assert_eq!(verified.class, Class::Jwt);
    assert_eq!(verified.content_id, Jwt::CLASS.derive(signed));
    assert_eq!(verified.subject.as_deref(), Some("peer"));
    assert_eq!(verified.token_id.as_deref(), Some("t-1"));
    assert_eq!(verified.key_id, Some(VerifyingKey::from(SECRET).key_id()));
    assert_eq!(verified.issued_at, Some(NOW));
    assert_eq!(verified.expires, Expiration::At(Timestamp::from_unix_s(NOW_S + 60)));
    assert_eq!(verified.rights, None);
    assert_eq!(verified.claims["groups"], json!(["ops"]));
    assert!(at(None).is_ok(), "a surface that demands no audience");
    let refused = at(Some("carnet:realm")).unwrap_err();
    assert_eq!((refused, refused.code()), (Reason::Jwt(JwtError::Audience), "audience"));
    let nonsense = Presented { data: Some(b"\xff"), ..Presented::of(Class::Jwt, "") };
    assert_eq!(jwt().verify(&nonsense, &Facts::none(), NOW), Err(Reason::Malformed));
}

#[test]
fn inspecting_takes_no_key_and_gives_no_trust() {
    let text = token(&json!({ "exp": "soon" }));
    let (_, signature) = text.rsplit_once('.').unwrap();
    let seen = inspect(&text.replace(signature, "")).unwrap();
    assert_eq!(seen.header()["alg"], "HS256");
    assert_eq!(seen.claims()["exp"], "soon");
    assert_eq!(inspect("a.b").unwrap_err(), JwtError::Malformed);
    assert_eq!(inspect(&signed("{}", "{}")).unwrap_err(), JwtError::Malformed);
}

#[test]
fn a_signed_text_may_carry_anything() {
    let text = signed(r#"{"alg":"HS256","x":1}"#, "not JSON");
    let jws = jws::verify_compact(&text, &[SECRET.into()]).unwrap();
    assert_eq!(jws.payload(), b"not JSON");
    assert_eq!(jws.header()["x"], 1);
    assert_eq!(jws.key_id(), VerifyingKey::from(SECRET).key_id());
    assert_eq!(jws::verify_compact(&text, &[]), Err(JwtError::AlgNotAllowed));
}

/// Promise: V-29
#[test]
fn the_builder_writes_the_bytes_that_are_specified() {
    let builder = JwtTicketBuilder::new(SECRET)
        .claim("z", json!({ "b": [1, null], "a": 1.5 }))
        .claim("a\"b", "é\n")
        .token_id("id")
        .issued_at(Timestamp(1_700_000_000_999))
        .not_before(NOW)
        .expires_in(NOW, std::time::Duration::from_secs(5))
        .audience("one")
        .subject("s")
        .issuer("i");
    let parts = |text: &str| {
        let bytes = |part| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        let mut parts = text.split('.');
        (bytes(parts.next().unwrap()), bytes(parts.next().unwrap()))
    };
    let (header, payload) = parts(&builder.sign().unwrap());
    assert_eq!(header, r#"{"alg":"HS256","typ":"JWT"}"#);
    let expected = r#"{"iss":"i","sub":"s","aud":"one","exp":1700000005,"nbf":1700000000,"iat":1700000000,"jti":"id","a\"b":"é\n","z":{"a":1.5,"b":[1,null]}}"#;
    assert_eq!(payload, expected);
    let (header, payload) = parts(&builder.audience("two").key_id("k\"1").sign().unwrap());
    assert_eq!(header, r#"{"alg":"HS256","typ":"JWT","kid":"k\"1"}"#);
    assert!(payload.contains(r#""aud":["one","two"]"#), "{payload}");
    let ticket = JwtTicketBuilder::new(SECRET).build(&[0xab; 32]).unwrap();
    let text = std::str::from_utf8(ticket.data()).unwrap();
    assert_eq!(parts(text).1, format!(r#"{{"sub":"{}"}}"#, "ab".repeat(32)));
    assert_eq!((ticket.class(), ticket.id()), (Jwt::CLASS, Jwt::CLASS.derive(text)));
}

#[test]
fn what_no_verifier_would_take_is_not_signed() {
    let sign = |change: fn(JwtTicketBuilder) -> JwtTicketBuilder| {
        change(JwtTicketBuilder::new(SECRET)).sign().unwrap_err()
    };
    assert_eq!(sign(|it| it.claim("exp", 1)), SignError::Registered(name("exp")));
    assert_eq!(sign(|it| it.issued_at(Timestamp(-1))), SignError::OutOfRange(name("iat")));
    let year_10000 = Expiration::At(Timestamp::from_unix_s(253_402_300_800));
    assert!(matches!(
        sign(|it| it.expires_at(Expiration::At(Timestamp::MAX))),
        SignError::OutOfRange(_)
    ));
    assert!(JwtTicketBuilder::new(SECRET).expires_at(year_10000).sign().is_err());
    assert_eq!(
        sign(|it| it.claim("deep", (0..32).fold(json!(0), |value, _| json!([value])))),
        SignError::TooDeep
    );
    assert!(matches!(sign(|it| it.claim("long", "x".repeat(13_000))), SignError::TooLarge(_)));
}

prop_compose! {
    fn private_claims()(
        claims in prop::collection::btree_map("[a-z_]{4,8}|\\PC{4}", prop_oneof![
            "\\PC{0,20}".prop_map(Value::from), any::<i64>().prop_map(Value::from), any::<bool>().prop_map(Value::from),
        ], 0..6),
    ) -> Vec<(String, Value)> {
        claims.into_iter().collect()
    }
}

proptest! {
    /// Promise: V-29
    #[test]
    fn what_is_built_verifies(
        issuer in "\\PC{0,20}", audiences in prop::collection::vec("\\PC{1,20}", 1..4), id in "\\PC{1,20}",
        kid: Option<String>, peer: [u8; 32], life_s in 1_u64..100_000, claims in private_claims(),
    ) {
        let life = std::time::Duration::from_secs(life_s);
        let mut builder = JwtTicketBuilder::new(SECRET)
            .issuer(&issuer).issued_at(NOW).not_before(NOW).expires_in(NOW, life).token_id(&id);
        builder = audiences.iter().fold(builder, JwtTicketBuilder::audience);
        builder = kid.into_iter().fold(builder, JwtTicketBuilder::key_id);
        builder = claims.iter().cloned().fold(builder, |builder, (name, value)| builder.claim(name, value));
        let ticket = builder.build(&peer).unwrap();
        let peer = UniqueId::from_bytes(peer).to_string();
        let mut jwt = jwt().strict().allow_issuer(&issuer).allow_audience(audiences.last().unwrap());
        jwt = claims.iter().cloned().fold(jwt, |jwt, (name, value)| jwt.require_claim(name, value));
        let bearer = Bearer { subject: Some(&peer), ..Bearer::nobody() };
        let token = jwt.verify_text(std::str::from_utf8(ticket.data()).unwrap(), &bearer, NOW).unwrap();
        prop_assert_eq!(token.subject(), Some(peer.as_str()));
        prop_assert_eq!(token.token_id(), Some(id.as_str()));
        prop_assert_eq!(token.expires(), Expiration::after(NOW, life));
let signed = &ticket.data()[..ticket.data().iter().rposition(|byte| *byte == b'.').unwrap()];
        prop_assert_eq!(content_id(std::str::from_utf8(ticket.data()).unwrap()), Jwt::CLASS.derive(signed));
    }

    /// Promise: V-30
    #[test]
    fn no_text_makes_judging_panic_and_none_that_was_not_signed_counts(
        noise: String, header in "\\PC{0,60}", payload in "\\PC{0,60}", bytes: Vec<u8>,
    ) {
        let jwt = jwt().any_subject().allow_non_expiring();
        for text in [noise.clone(), format!("{header}.{payload}.{noise}"), format!("{}.{}.", base64url(&header), base64url(&payload))] {
            prop_assert!(judge(&jwt, &text).is_err());
            let _ = inspect(&text);
            let _ = VerifyingKey::from_jwk(&text);
        }
        // Under a signature that holds, so that what is signed is read.
        let _ = judge(&jwt, &signed(r#"{"alg":"HS256"}"#, &payload));
        let _ = judge(&jwt, &signed(&format!(r#"{{"alg":"HS256","x":{payload}}}"#), "{}"));
        let _ = VerifyingKey::from_der(None, &bytes);
        let _ = VerifyingKey::from_pem(None, &bytes);
    }

    #[test]
    fn a_token_changed_anywhere_no_longer_counts(at: prop::sample::Index, by in "[A-Za-z0-9_.=+/ -]") {
        let text = token(&json!({ "iss": "my-app", "aud": "x" }));
        let at = at.index(text.len());
        let changed = format!("{}{by}{}", &text[..at], &text[at + 1..]);
        prop_assert_eq!(judge(&jwt(), &changed).is_ok(), changed == text);
        let longer = format!("{}{by}{}", &text[..at], &text[at..]);
        prop_assert!(judge(&jwt(), &longer).is_err());
    }
}
