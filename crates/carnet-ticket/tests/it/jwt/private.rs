//! Private keys from files.

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use carnet_ticket::ed25519;
use carnet_ticket::jwt::{Algorithm, Jwt, JwtTicketBuilder, KeyError, SigningKey, VerifyingKey};
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Bearer;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_unix_s(1_778_320_860);

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn pkcs8(der: &[u8]) -> String {
    pem("PRIVATE KEY", der)
}

/// Whether a key signs what its public half verifies, with this algorithm.
#[track_caller]
fn signs(key: &SigningKey, algorithm: Algorithm) {
    assert_eq!(key.algorithm(), algorithm);
    let token = JwtTicketBuilder::new(key.clone())
        .subject("s")
        .expires_at(carnet_ticket::time::Expiration::At(Timestamp(NOW.0 + 60_000)));
    let text = token.sign().unwrap();
    let jwt = Jwt::with_key(key.verifying_key().clone()).any_subject();
    jwt.verify_text(&text, &Bearer::nobody(), NOW).unwrap();
}

#[test]
fn pem_files_of_every_type_sign_with_the_usual_algorithm_or_the_one_asked_for() {
    let read = |text: &str| SigningKey::from_pem(None, text.as_bytes()).unwrap();
    let pair = Ed25519KeyPair::generate().unwrap();
    let eddsa = pkcs8(pair.to_pkcs8().unwrap().as_ref());
    signs(&read(&eddsa), Algorithm::EdDsa);
    let worker = ed25519::SigningKey::from_pem(eddsa.as_bytes()).unwrap();
    assert_eq!(worker.verifying_key().as_bytes(), pair.public_key().as_ref());
    for (curve, algorithm) in [
        (&ECDSA_P256_SHA256_FIXED_SIGNING, Algorithm::Es256),
        (&ECDSA_P384_SHA384_FIXED_SIGNING, Algorithm::Es384),
        (&ECDSA_P521_SHA512_FIXED_SIGNING, Algorithm::Es512),
    ] {
        let pair = EcdsaKeyPair::generate(curve).unwrap();
        let text = pkcs8(pair.to_pkcs8v1().unwrap().as_ref());
        signs(&read(&text), algorithm);
        let old: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
        let with_parameters = pem("EC PARAMETERS", &[6, 0]) + &pem("EC PRIVATE KEY", old.as_ref());
        signs(&read(&with_parameters), algorithm);
        let other = SigningKey::from_pem(Algorithm::EdDsa, text.as_bytes());
        assert_eq!(other.unwrap_err(), KeyError::AlgNotAllowed);
    }
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let rsa = pkcs8(der.as_ref());
    signs(&read(&rsa), Algorithm::Rs256);
    for algorithm in Algorithm::RSA {
        signs(&SigningKey::from_pem(algorithm, rsa.as_bytes()).unwrap(), algorithm);
    }
}

#[test]
fn what_is_no_private_key_is_refused() {
    let fault = |text: &[u8]| SigningKey::from_pem(None, text).unwrap_err();
    let key = Ed25519KeyPair::generate().unwrap();
    let der = key.to_pkcs8().unwrap();
    assert_eq!(fault(b""), KeyError::InvalidKey);
    assert_eq!(fault(pem("PUBLIC KEY", der.as_ref()).as_bytes()), KeyError::InvalidKey);
    assert_eq!(fault(pem("ENCRYPTED PRIVATE KEY", der.as_ref()).as_bytes()), KeyError::InvalidKey);
    assert_eq!(fault(pkcs8(&der.as_ref()[..20]).as_bytes()), KeyError::InvalidKey);
    assert_eq!(fault(&vec![b'-'; 65_537]), KeyError::InvalidKey);
    assert!(ed25519::SigningKey::from_pem(b"no key").is_err());
}

fn okp() -> Value {
    let key = ed25519::SigningKey::from_seed(&[7; 32]).unwrap();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let x = text(key.verifying_key().as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "d": text(&[7; 32]), "kid": "k1" })
}

fn ec(curve: &str, len: usize) -> Value {
    let signing = match len {
        32 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        48 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        _ => &ECDSA_P521_SHA512_FIXED_SIGNING,
    };
    let pair = EcdsaKeyPair::generate(signing).unwrap();
    let number: aws_lc_rs::encoding::EcPrivateKeyBin<'_> =
        aws_lc_rs::encoding::AsBigEndian::as_be_bytes(&pair.private_key()).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(len);
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    json!({ "kty": "EC", "crv": curve, "x": text(x), "y": text(y), "d": text(number.as_ref()) })
}

#[test]
fn private_json_web_keys_sign_and_keep_their_name() {
    let read = |jwk: &Value| SigningKey::from_jwk(None, &jwk.to_string()).unwrap();
    let key = read(&okp());
    signs(&key, Algorithm::EdDsa);
    assert_eq!(key.verifying_key().kid(), Some("k1"));
    for (curve, len, algorithm) in [
        ("P-256", 32, Algorithm::Es256),
        ("P-384", 48, Algorithm::Es384),
        ("P-521", 66, Algorithm::Es512),
    ] {
        signs(&read(&ec(curve, len)), algorithm);
    }
    let oct = |alg: Option<&str>| {
        let mut jwk = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode([7; 64]), "kid": "s" });
        if let Some(alg) = alg {
            jwk["alg"] = json!(alg);
        }
        jwk
    };
    signs(&read(&oct(None)), Algorithm::Hs256);
    signs(&read(&oct(Some("HS384"))), Algorithm::Hs384);
    let asked = SigningKey::from_jwk(Algorithm::Hs512, &oct(None).to_string()).unwrap();
    signs(&asked, Algorithm::Hs512);
    assert_eq!(asked.verifying_key().kid(), Some("s"));
    let both = VerifyingKey::from_jwk(&okp().to_string()).unwrap();
    assert_eq!(both.key_id(), key.verifying_key().key_id());
}

#[test]
fn a_private_json_web_key_has_to_be_for_signing_and_whole() {
    let table = [
        (json!({ "key_ops": ["verify"] }), KeyError::WrongUse),
        (json!({ "use": "enc" }), KeyError::WrongUse),
        (json!({ "alg": "ES256" }), KeyError::AlgNotAllowed),
        (json!({ "d": null }), KeyError::InvalidKey),
        (json!({ "d": URL_SAFE_NO_PAD.encode([8; 32]) }), KeyError::InvalidKey),
        (json!({ "d": URL_SAFE_NO_PAD.encode([7; 31]) }), KeyError::InvalidKey),
        (json!({ "crv": "X25519" }), KeyError::UnsupportedKey),
    ];
    for (change, fault) in table {
        let mut jwk = okp();
        change.as_object().unwrap().iter().for_each(|(name, value)| jwk[name] = value.clone());
        assert_eq!(SigningKey::from_jwk(None, &jwk.to_string()).unwrap_err(), fault, "{change}");
    }
    let rsa = json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB", "d": "AQAB" }).to_string();
    assert_eq!(SigningKey::from_jwk(None, &rsa).unwrap_err(), KeyError::UnsupportedKey);
    assert_eq!(SigningKey::from_jwk(None, "{").unwrap_err(), KeyError::InvalidKey);
    let mut signing = okp();
    signing["key_ops"] = json!(["sign"]);
    assert!(SigningKey::from_jwk(None, &signing.to_string()).is_ok());
}
