//! JSON Web Tokens, beside `jsonwebtoken` on the same token with the same checks, and beside the bare signature
//! checks of the cryptographic library that both use.

use std::hint::black_box;
use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RsaKeyPair, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carnet_gate::{Clock, Grant};
use carnet_ticket::jwt::{Algorithm, EdDsa, Jwt, VerifyingKey};
use carnet_ticket::verify::{Bearer, Class, Presented, Surface};
use jsonwebtoken::{DecodingKey, Validation};
use serde::de::IgnoredAny;

use super::{SECRET, admitted, gate};
use crate::report::{Report, per_second};

const ISSUER: &str = "https://issuer.example";
const SUBJECT: &str = "worker-1";
const AUDIENCE: &str = "carnet:api";

/// A token of one algorithm, and what checks it.
struct Case {
    algorithm: Algorithm,
    token: String,
    ours: VerifyingKey,
    peer: (jsonwebtoken::Algorithm, DecodingKey),
    bare: Check,
}

/// A signature check alone: whether a text has a signature.
type Check = Box<dyn Fn(&[u8], &[u8]) -> bool>;

pub(super) fn run(report: &mut Report) {
    for make in [hs256, es256, ed_dsa, rs256] {
        measure(report, &make());
    }
}

fn measure(report: &mut Report, case: &Case) {
    let name = |what: &str| format!("ticket jwt {}: {what}", case.algorithm);
    let (signed, signature) = case.token.rsplit_once('.').unwrap_or_default();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    let floor =
        per_second(|| assert!((case.bare)(black_box(signed.as_bytes()), black_box(&signature))));
    report.add(&name("bare signature check"), floor, "/s per core", "floor");

    let (validation, key) = (validation(case.peer.0), &case.peer.1);
    let peer = per_second(|| {
        // Claims that nobody looks at are what it is fastest with.
        let found = jsonwebtoken::decode::<IgnoredAny>(black_box(&case.token), key, &validation);
        assert!(found.is_ok());
    });
    let beside = format!("{:.2} of the floor", peer / floor);
    report.add(&name("jsonwebtoken decode"), peer, "/s per core", beside);

    let beside = |value: f64| {
        let goal = if case.algorithm == Algorithm::Hs256 {
            "goal >= 2 of jsonwebtoken"
        } else {
            "goal >= 0.83 of the floor"
        };
        format!("{:.2} of jsonwebtoken, {:.2} of the floor; {goal}", value / peer, value / floor)
    };
    let judge = Jwt::with_key(case.ours.clone())
        .strict()
        .allow_issuer(ISSUER)
        .allow_audience(AUDIENCE)
        .require_subject(SUBJECT);
    let clock = Clock::System;
    let bearer = Bearer::nobody();
    let validate = per_second(|| {
        assert!(judge.validate_text(black_box(&case.token), &bearer, clock.now()).is_ok());
    });
    report.add(&name("validate_text"), validate, "/s per core", beside(validate));
    let verify = per_second(|| {
        assert!(judge.verify_text(black_box(&case.token), &bearer, clock.now()).is_ok());
    });
    report.add(&name("verify_text"), verify, "/s per core", beside(verify));

    let presented = Presented::of(Class::Jwt, &case.token);
    let judge = Arc::new(judge);
    for (what, remembers) in
        [("verified, admitted, one action", false), ("the same from the verdict cache", true)]
    {
        let gate = gate(Class::Jwt, Surface::Api, judge.clone(), remembers);
        let admit = admitted(&gate, &presented, Surface::Api, read);
        report.add(&name(what), admit, "/s per core", beside(admit));
    }
}

fn read(grant: &Grant) {
    let routes = grant.routes().unwrap_or_else(|| unreachable!("rights on routes"));
    assert!(routes.permits("read:*").is_ok());
}

/// The checks that ours makes: issuer, subject, audience, expiry, and which claims have to be there.
fn validation(algorithm: jsonwebtoken::Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.leeway = 0;
    validation.validate_nbf = true;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    validation.sub = Some(SUBJECT.to_owned());
    validation
}

/// A token with the claims of every case, signed by `sign`.
fn token(algorithm: Algorithm, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let iat = Clock::System.now().unix_s();
    let exp = iat + 3600;
    let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#);
    let claims = format!(
        r#"{{"iss":"{ISSUER}","sub":"{SUBJECT}","aud":"{AUDIENCE}","exp":{exp},"iat":{iat},"jti":"0123456789abcdef"}}"#
    );
    let mut text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = sign(text.as_bytes());
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    text
}

fn hs256() -> Case {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    Case {
        algorithm: Algorithm::Hs256,
        token: token(Algorithm::Hs256, |text| hmac::sign(&key, text).as_ref().to_vec()),
        ours: made(VerifyingKey::hmac(Algorithm::Hs256, SECRET.as_bytes())),
        peer: (jsonwebtoken::Algorithm::HS256, DecodingKey::from_secret(SECRET.as_bytes())),
        bare: Box::new(move |text, mac| hmac::verify(&key, text, mac).is_ok()),
    }
}

fn es256() -> Case {
    let pair = made(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING));
    let point = pair.public_key().as_ref();
    let coordinate = |range| URL_SAFE_NO_PAD.encode(point.get(range).unwrap_or_default());
    let jwk = format!(
        r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}"}}"#,
        coordinate(1..33),
        coordinate(33..65)
    );
    Case {
        algorithm: Algorithm::Es256,
        token: token(Algorithm::Es256, |text| {
            made(pair.sign(&SystemRandom::new(), text)).as_ref().to_vec()
        }),
        ours: made(VerifyingKey::from_jwk(&jwk)),
        peer: (jsonwebtoken::Algorithm::ES256, DecodingKey::from_ec_der(point)),
        bare: bare(&ECDSA_P256_SHA256_FIXED, point),
    }
}

fn ed_dsa() -> Case {
    let pair = made(Ed25519KeyPair::from_seed_unchecked(&[7; 32]));
    let public = pair.public_key().as_ref();
    let point = public.try_into().unwrap_or([0; 32]);
    Case {
        algorithm: Algorithm::EdDsa,
        token: token(Algorithm::EdDsa, |text| pair.sign(text).as_ref().to_vec()),
        ours: made(EdDsa::new(point)).into(),
        peer: (jsonwebtoken::Algorithm::EdDSA, DecodingKey::from_ed_der(public)),
        bare: bare(&ED25519, public),
    }
}

fn rs256() -> Case {
    let pair = made(RsaKeyPair::generate(KeySize::Rsa2048));
    let public = pair.public_key().as_ref();
    Case {
        algorithm: Algorithm::Rs256,
        token: token(Algorithm::Rs256, |text| {
            let mut signature = vec![0; pair.public_modulus_len()];
            made(pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature));
            signature
        }),
        ours: made(VerifyingKey::from_der(Algorithm::Rs256, public)),
        peer: (jsonwebtoken::Algorithm::RS256, DecodingKey::from_rsa_der(public)),
        bare: bare(&RSA_PKCS1_2048_8192_SHA256, public),
    }
}

/// A check with a key that is parsed once, as ours are.
fn bare(algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> Check {
    let key = made(ParsedPublicKey::new(algorithm, key));
    Box::new(move |text, signature| key.verify_sig(text, signature).is_ok())
}

fn made<T, E: std::fmt::Display>(made: Result<T, E>) -> T {
    made.unwrap_or_else(|error| unreachable!("{error}"))
}
