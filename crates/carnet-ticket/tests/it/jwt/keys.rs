//! Which keys count, and for what.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaSignatureEncoding,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use carnet_ticket::jwt::{
    Algorithm, EdDsaSigningKey, Es256SigningKey, Es384SigningKey, Es512SigningKey, Hs256, Hs384,
    Hs512, JwkSet, JwkSetError, Jwt, JwtError, JwtTicketBuilder, KeyError, KeyRing, SigningKey,
    TooManyKeys, VerifyingKey,
};
use carnet_ticket::time::{Expiration, Timestamp};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{NOW_S, SECRET, base64url, judge, jwt, signed, token};

/// A self-signed certificate on P-256.
const CERTIFICATE: &[u8] = b"\
-----BEGIN CERTIFICATE-----
MIIBejCCAR+gAwIBAgIULdJcT3vGLRF8ejf6ZGLqf+KQOAswCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGdG9rZW5zMCAXDTI2MTEyNTIyMzAzNloYDzIxMjYxMTAxMjIz
MDM2WjARMQ8wDQYDVQQDDAZ0b2tlbnMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQxzW6kJ+pgIuZywmKSA8P68xKF3JBxT266iMFwqEQLhz5EYOTDChCOHCQFf7rm
f0B5shFNa6mlJZQ6mxElXVRdo1MwUTAdBgNVHQ4EFgQU0Rnwqj1SxEQOlxCLfj/b
JKr7sr4wHwYDVR0jBBgwFoAU0Rnwqj1SxEQOlxCLfj/bJKr7sr4wDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAm2V2LBghdk4PAQZsBTfQ+MJ+fjKE
BzJpNqpFVahU2Y8CIQD1zQ1ZfzVRCsThj+61UYIAHJRKMGxkdYOj/xu/mClPpw==
-----END CERTIFICATE-----
";

fn payload() -> String {
    json!({ "sub": "peer", "exp": NOW_S + 60 }).to_string()
}

fn by(key: impl Into<SigningKey>) -> (Algorithm, VerifyingKey, String) {
    let key = key.into();
    let end = Expiration::At(Timestamp::from_unix_s(NOW_S + 60));
    let text = JwtTicketBuilder::new(key.clone()).subject("peer").expires_at(end).sign().unwrap();
    (key.algorithm(), key.verifying_key().clone(), text)
}

fn by_rsa(
    pair: &KeyPair,
    algorithm: Algorithm,
    encoding: &'static RsaSignatureEncoding,
) -> (Algorithm, VerifyingKey, String) {
    let header = json!({ "alg": algorithm.as_str() }).to_string();
    let signed = format!("{}.{}", base64url(header), base64url(payload()));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    let key = VerifyingKey::from_der(algorithm, pair.public_key().as_ref()).unwrap();
    (algorithm, key, format!("{signed}.{}", base64url(signature)))
}

/// A token of every algorithm, with its key.
fn of_every_algorithm() -> Vec<(Algorithm, VerifyingKey, String)> {
    let rsa = KeyPair::generate(KeySize::Rsa2048).unwrap();
    vec![
        by(SECRET),
        by(Hs384::new([8; 48])),
        by(Hs512::new([9; 64])),
        by_rsa(&rsa, Algorithm::Rs256, &RSA_PKCS1_SHA256),
        by_rsa(&rsa, Algorithm::Rs384, &RSA_PKCS1_SHA384),
        by_rsa(&rsa, Algorithm::Rs512, &RSA_PKCS1_SHA512),
        by_rsa(&rsa, Algorithm::Ps256, &RSA_PSS_SHA256),
        by_rsa(&rsa, Algorithm::Ps384, &RSA_PSS_SHA384),
        by_rsa(&rsa, Algorithm::Ps512, &RSA_PSS_SHA512),
        by(Es256SigningKey::random().unwrap()),
        by(Es384SigningKey::random().unwrap()),
        by(Es512SigningKey::random().unwrap()),
        by(EdDsaSigningKey::random().unwrap()),
    ]
}

/// Promise: V-8
#[test]
fn every_algorithm_verifies_and_no_flipped_bit_of_a_signature_does() {
    let every = of_every_algorithm();
    assert_eq!(every.iter().map(|(algorithm, ..)| *algorithm).collect::<Vec<_>>(), Algorithm::ALL);
    for (algorithm, key, text) in every {
        let jwt = Jwt::with_key(key);
        assert!(judge(&jwt, &text).is_ok(), "{algorithm}");
        let (signed, signature) = text.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        for bit in 0..8 * signature.len() {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let fault = judge(&jwt, &format!("{signed}.{}", base64url(flipped))).unwrap_err();
            assert_eq!(fault, JwtError::Signature, "{algorithm} {bit}");
        }
    }
}

/// Promise: V-9
#[test]
fn no_algorithm_but_those_that_keys_were_made_for_is_taken() {
    let (_, public, _) = by(Es256SigningKey::from_bytes(&[1; 32]).unwrap());
    let both = jwt().add_key(public);
    for alg in [
        "none", "None", "NONE", "nOnE", "", "HS256 ", "hs256", "HS1", "ES256K", "Ed25519", "RS256",
        "HS512", "PS256",
    ] {
        let header = json!({ "alg": alg }).to_string();
        let text = signed(&header, &payload());
        assert_eq!(judge(&both, &text).unwrap_err(), JwtError::AlgNotAllowed, "{alg}");
        let (unsigned, _) = text.rsplit_once('.').unwrap();
        assert_eq!(
            judge(&both, &format!("{unsigned}.")).unwrap_err(),
            JwtError::AlgNotAllowed,
            "{alg}"
        );
    }
    let rsa = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = rsa.public_key().as_ref();
    let pem = pem("RSA PUBLIC KEY", der);
    for secret in [der, pem.as_bytes(), pem.trim().as_bytes(), STANDARD.encode(der).as_bytes()] {
        let signed = format!("{}.{}", base64url(r#"{"alg":"HS256"}"#), base64url(payload()));
        let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(&signed);
        let text = format!("{signed}.{}", base64url(mac.finalize().into_bytes()));
        let all = VerifyingKey::from_der(None, der).unwrap();
        assert_eq!(judge(&Jwt::with_key(all.clone()), &text).unwrap_err(), JwtError::AlgNotAllowed);
        assert_eq!(
            judge(&Jwt::with_key(all).add_key(SECRET), &text).unwrap_err(),
            JwtError::Signature
        );
    }
}

/// Promise: V-10
#[test]
fn a_key_serves_what_it_was_made_for_alone() {
    let every = of_every_algorithm();
    for (algorithm, key, _) in &every {
        assert_eq!(key.algorithms().collect::<Vec<_>>(), [*algorithm]);
        for (other, _, text) in every.iter().filter(|(other, ..)| other != algorithm) {
            let fault = judge(&Jwt::with_key(key.clone()), text).unwrap_err();
            assert_eq!(fault, JwtError::AlgNotAllowed, "{other} under {algorithm}");
        }
    }
    let n = |bytes: usize| base64url([&[0xc1], vec![0xff; bytes - 1].as_slice()].concat());
    let k = |bytes: usize| base64url(vec![7; bytes]);
    let rsa = json!({ "kty": "RSA", "n": n(256), "e": "AQAB" });
    let oct = json!({ "kty": "oct", "k": k(64) });
    let x25519 = json!({ "kty": "OKP", "crv": "X25519", "x": k(32) });
    let small = json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url([[1].as_slice(), &[0; 31]].concat()) });
    let table = [
        (&oct, json!({}), Ok(vec!["HS256", "HS384", "HS512"])),
        (&oct, json!({ "k": k(48) }), Ok(vec!["HS256", "HS384"])),
        (
            &oct,
            json!({ "k": k(32), "use": "sig", "key_ops": ["sign", "verify"] }),
            Ok(vec!["HS256"]),
        ),
        (&oct, json!({ "alg": "HS384" }), Ok(vec!["HS384"])),
        (&oct, json!({ "k": k(31) }), Err(KeyError::WeakKey)),
        (&oct, json!({ "k": k(47), "alg": "HS384" }), Err(KeyError::WeakKey)),
        (&oct, json!({ "k": "a===" }), Err(KeyError::InvalidKey)),
        (&oct, json!({ "alg": "RS256" }), Err(KeyError::AlgNotAllowed)),
        (&oct, json!({ "alg": "none" }), Err(KeyError::AlgNotAllowed)),
        (&oct, json!({ "alg": 1 }), Err(KeyError::AlgNotAllowed)),
        (&oct, json!({ "use": "enc", "alg": "none" }), Err(KeyError::WrongUse)),
        (&oct, json!({ "use": 1 }), Err(KeyError::WrongUse)),
        (&oct, json!({ "key_ops": ["sign"] }), Err(KeyError::WrongUse)),
        (&oct, json!({ "key_ops": "verify" }), Err(KeyError::WrongUse)),
        (&oct, json!({ "kty": "oct2", "use": "enc" }), Err(KeyError::UnsupportedKey)),
        (&rsa, json!({}), Ok(vec!["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])),
        (&rsa, json!({ "alg": "PS384" }), Ok(vec!["PS384"])),
        (&rsa, json!({ "alg": "RSA-OAEP" }), Err(KeyError::AlgNotAllowed)),
        (&rsa, json!({ "e": "AQ" }), Err(KeyError::InvalidKey)),
        (&rsa, json!({ "e": "Ag" }), Err(KeyError::InvalidKey)),
        (&rsa, json!({ "e": "AQAA", "n": n(128) }), Err(KeyError::InvalidKey)),
        (&rsa, json!({ "e": "AAEAAQ" }), Err(KeyError::InvalidKey)),
        (&rsa, json!({ "n": n(255) }), Err(KeyError::WeakKey)),
        (&rsa, json!({ "n": n(1025) }), Err(KeyError::WeakKey)),
        (
            &rsa,
            json!({ "n": n(1024) }),
            Ok(vec!["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]),
        ),
        (&rsa, json!({ "kid": 7 }), Err(KeyError::InvalidKey)),
        (&x25519, json!({}), Err(KeyError::UnsupportedKey)),
        (&x25519, json!({ "crv": "Ed25519", "x": k(31) }), Err(KeyError::InvalidKey)),
        (&small, json!({}), Err(KeyError::InvalidKey)),
    ];
    for (base, change, expected) in table {
        let mut jwk = base.clone();
        change.as_object().unwrap().iter().for_each(|(name, value)| jwk[name] = value.clone());
        let key = VerifyingKey::from_jwk(&jwk.to_string());
        let served = key.map(|key| key.algorithms().map(Algorithm::as_str).collect::<Vec<_>>());
        assert_eq!(served, expected, "{change}");
    }
    curves();
    assert_eq!(
        VerifyingKey::hmac(Algorithm::Rs256, &[7; 64]).unwrap_err(),
        KeyError::AlgNotAllowed
    );
}

/// A key on one curve is none on another, and half a point is none at all.
fn curves() {
    let (p256, p384) = (ec_jwk("P-256", 32), ec_jwk("P-384", 48));
    assert!(VerifyingKey::from_jwk(&p256.to_string()).is_ok());
    let fault = |base: &Value, name: &str, value: Value| {
        let mut jwk = base.clone();
        jwk[name] = value;
        VerifyingKey::from_jwk(&jwk.to_string()).unwrap_err()
    };
    assert_eq!(fault(&p256, "crv", json!("P-384")), KeyError::InvalidKey);
    assert_eq!(fault(&p256, "crv", json!("secp256k1")), KeyError::UnsupportedKey);
    assert_eq!(fault(&p256, "alg", json!("ES384")), KeyError::AlgNotAllowed);
    assert_eq!(fault(&p256, "y", json!(null)), KeyError::InvalidKey);
    assert_eq!(fault(&p256, "y", p256["x"].clone()), KeyError::InvalidKey);
    assert_eq!(fault(&p384, "x", p256["x"].clone()), KeyError::InvalidKey);
}

/// A new public key.
fn ec_jwk(curve: &str, len: usize) -> Value {
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    };
    let signing = match curve {
        "P-256" => &ECDSA_P256_SHA256_FIXED_SIGNING,
        _ => &ECDSA_P384_SHA384_FIXED_SIGNING,
    };
    let pair = EcdsaKeyPair::generate(signing).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(len);
    json!({ "kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y) })
}

/// Promise: V-11
#[test]
fn a_key_id_narrows_the_keys_and_keys_never_come_from_the_token() {
    let other = Hs256::new([8; 32]);
    let labelled = |key: Hs256, kid: &str| VerifyingKey::from(key).with_kid(kid);
    let text = |kid: &str| signed(&json!({ "alg": "HS256", "kid": kid }).to_string(), &payload());
    let bare = token(&json!({}));
    let two = Jwt::with_key(labelled(other.clone(), "a")).add_key(labelled(SECRET, "b"));
    assert!(judge(&two, &bare).is_ok(), "without one every key is tried");
    assert!(judge(&two, &text("b")).is_ok());
    assert_eq!(judge(&two, &text("a")).unwrap_err(), JwtError::Signature, "not with the other key");
    for kid in ["c", "B", ""] {
        assert_eq!(judge(&two, &text(kid)).unwrap_err(), JwtError::UnknownKey);
    }
    assert!(judge(&jwt(), &text("anything")).is_ok(), "a key without one is tried for all");
    let own = by(Es256SigningKey::from_bytes(&[1; 32]).unwrap());
    let embedded = json!({ "kty": "oct", "k": base64url([7; 32]), "alg": "HS256", "kid": "a" });
    let urls = json!("https://keys.example/jwks.json");
    for (member, value) in
        [("jwk", embedded), ("jku", urls.clone()), ("x5u", urls), ("x5c", json!(["MIIB"]))]
    {
        let header = json!({ "alg": "HS256", "kid": "a", member: value }).to_string();
        let text = signed(&header, &payload());
        assert_eq!(
            judge(&Jwt::with_key(labelled(other.clone(), "a")), &text).unwrap_err(),
            JwtError::Signature
        );
        assert_eq!(
            judge(&Jwt::with_key(own.1.clone()), &text).unwrap_err(),
            JwtError::AlgNotAllowed
        );
        assert!(judge(&jwt(), &text).is_ok(), "{member} is passed over");
    }
}

/// Promise: V-28
#[test]
fn a_ring_judges_the_next_token_with_the_keys_put_into_it() {
    let ring = KeyRing::named("issuer-a");
    let jwt = Jwt::with_ring(ring.clone());
    let text = token(&json!({}));
    assert_eq!(judge(&jwt, &text).unwrap_err(), JwtError::AlgNotAllowed);
    ring.replace(vec![SECRET.into()]).unwrap();
    assert!(judge(&jwt, &text).is_ok());
    ring.replace(vec![Hs256::new([8; 32]).into(), SECRET.into()]).unwrap();
    assert!(judge(&jwt.clone(), &text).is_ok(), "clones share the ring");
    ring.replace(vec![Hs256::new([8; 32]).into()]).unwrap();
    assert_eq!(judge(&jwt, &text).unwrap_err(), JwtError::Signature);
    let many = vec![VerifyingKey::from(SECRET); 101];
    assert_eq!(ring.replace(many.clone()), Err(TooManyKeys(101)));
    assert_eq!(judge(&jwt, &text).unwrap_err(), JwtError::Signature, "nothing was replaced");
    assert_eq!(ring.replace(many[1..].to_vec()), Ok(()));
}

#[test]
fn private_numbers_lie_between_zero_and_the_order() {
    assert_eq!(Es256SigningKey::from_bytes(&[0; 32]).unwrap_err(), KeyError::InvalidKey);
    assert_eq!(Es256SigningKey::from_bytes(&[0xff; 32]).unwrap_err(), KeyError::InvalidKey);
    assert_eq!(Es512SigningKey::from_bytes(&[2; 66]).unwrap_err(), KeyError::InvalidKey);
    let long = SigningKey::hmac(Algorithm::Hs256, &[7; 100]).unwrap();
    let (_, key, text) = by(long);
    assert!(judge(&Jwt::with_key(key), &text).is_ok());
    assert_eq!(SigningKey::hmac(Algorithm::Hs256, &[7; 31]).unwrap_err(), KeyError::WeakKey);
    assert_eq!(SigningKey::hmac(Algorithm::Es256, &[7; 32]).unwrap_err(), KeyError::AlgNotAllowed);
}

#[test]
fn a_set_keeps_what_it_can_use_and_says_what_it_cannot() {
    let good = json!({ "kty": "oct", "k": base64url([7; 32]), "kid": "a" });
    let set =
        json!({ "keys": [good, { "kty": "EC", "crv": "P-224" }, 7, { "kty": "oct", "k": "AA" }] });
    let set = JwkSet::from_json(&set.to_string()).unwrap();
    assert_eq!(set.keys().iter().map(VerifyingKey::kid).collect::<Vec<_>>(), [Some("a")]);
    let skipped =
        [(1, KeyError::UnsupportedKey), (2, KeyError::InvalidKey), (3, KeyError::WeakKey)];
    assert_eq!(set.skipped(), skipped);
    for wrong in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
        assert_eq!(JwkSet::from_json(wrong).unwrap_err(), JwkSetError::Malformed, "{wrong}");
    }
    let of =
        |count: usize| JwkSet::from_json(&json!({ "keys": vec![good.clone(); count] }).to_string());
    assert_eq!(of(100).unwrap().into_keys().len(), 100);
    assert_eq!(of(101).unwrap_err(), JwkSetError::TooManyKeys(101));
    let long = format!("{{\"keys\":[]{}}}", " ".repeat(1_048_576));
    assert_eq!(JwkSet::from_json(&long).unwrap_err(), JwkSetError::TooLarge);
}

#[test]
fn files_hold_keys_in_three_forms_and_debug_shows_none() {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    let rsa = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs1 = rsa.public_key().as_ref();
    let spki: PublicKeyX509Der<'_> = rsa.public_key().as_der().unwrap();
    let forms = [
        VerifyingKey::from_der(None, pkcs1).unwrap(),
        VerifyingKey::from_der(None, spki.as_ref()).unwrap(),
        VerifyingKey::from_pem(None, pem("RSA PUBLIC KEY", pkcs1).as_bytes()).unwrap(),
        VerifyingKey::from_pem(None, pem("PUBLIC KEY", spki.as_ref()).as_bytes()).unwrap(),
        VerifyingKey::from_pem(None, CERTIFICATE).unwrap(),
    ];
    let (certified, same) = forms.split_last().unwrap();
    assert!(same.iter().all(|key| key.key_id() == same[0].key_id()));
    assert_eq!(certified.algorithms().collect::<Vec<_>>(), [Algorithm::Es256]);
    let trailing = [pkcs1, &[0]].concat();
    assert_eq!(VerifyingKey::from_der(None, &trailing).unwrap_err(), KeyError::InvalidKey);
    assert_eq!(
        VerifyingKey::from_der(Algorithm::Es256, pkcs1).unwrap_err(),
        KeyError::AlgNotAllowed
    );
    assert_eq!(VerifyingKey::from_pem(None, b"no key").unwrap_err(), KeyError::InvalidKey);
    assert_eq!(
        VerifyingKey::from_pem(None, &vec![b'-'; 65_537]).unwrap_err(),
        KeyError::InvalidKey
    );
    let shown = format!("{SECRET:?} {:?} {:?}", SigningKey::from(SECRET), same[0]);
    assert!(!shown.contains("7, 7") && !shown.contains("0707"), "{shown}");
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
