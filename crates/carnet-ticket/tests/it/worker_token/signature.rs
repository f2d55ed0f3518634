//! Which keys and which texts a signature holds for.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE};
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{
    Audience, Format, HMAC_KEYS_MAX, PUBLIC_KEYS_MAX, RingFull, WorkerKeys, WorkerTokenError,
    inspect, jwks, mint_v1, mint_v2, verify,
};
use proptest::prelude::*;
use serde_json::json;

use super::{
    NOW, SECRET, WAYS, base64, claims, hmac, hmac_key, judge, keys, mint, payload, sign,
    signing_key,
};

/// Promise: W-3
#[test]
fn a_v1_token_holds_under_every_key_of_the_ring_and_no_other() {
    let secrets: Vec<_> = (0..HMAC_KEYS_MAX).map(|index| format!("{SECRET}-{index}")).collect();
    let ring = || secrets.iter().map(|secret| hmac_key(secret));
    let keys = WorkerKeys::new().with_hmac(ring().chain(ring())).unwrap();
    let judge = |secret: &str| {
        let token = mint_v1(&hmac_key(secret), &claims()).unwrap();
        verify(&token, &keys, Profile::Strict, None, NOW).map(|token| token.key_id)
    };
    for secret in &secrets {
        assert_eq!(judge(&format!(" {secret}\n")), Ok(hmac_key(secret).key_id()));
    }
    for other in [SECRET, "x", &secrets[0].to_uppercase()] {
        assert_eq!(judge(other), Err(WorkerTokenError::Signature));
    }
    assert_eq!(keys.with_hmac([hmac_key(SECRET)]).unwrap_err(), RingFull);
}

/// Promise: W-5
#[test]
fn a_token_with_anything_changed_is_refused() {
    for (format, profile) in WAYS {
        let token = mint(format, &claims());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (head, body) = signed.rsplit_once('.').unwrap();
        let raw = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(signature).unwrap();
        let tampered = base64(payload(&[("worker_id", Some("\"worker-b\""))]));
        let changed = [
            format!("{head}.{tampered}.{signature}"),
            format!("{signed}.{}", URL_SAFE.encode(&raw)),
            format!("{signed}.{signature}="),
            token.to_uppercase(),
            token.replacen("worker", "Worker", 1),
            signed.to_owned(),
            format!("{head}.{signature}"),
            format!("{token}.x"),
            format!("{token}."),
            format!("{signed}."),
            format!("x.{token}"),
        ];
        for changed in changed {
            assert!(judge(profile, &changed).is_err(), "{changed}");
        }
        for at in 0..signature.len() {
            let mut flipped = token.clone().into_bytes();
            let byte = &mut flipped[signed.len() + 1 + at];
            *byte = if *byte == b'A' { b'B' } else { b'A' };
            assert!(judge(profile, &String::from_utf8(flipped).unwrap()).is_err(), "{at}");
        }
        let standard = STANDARD_NO_PAD.encode(&raw);
        assert!(
            standard == signature || judge(profile, &format!("{signed}.{standard}")).is_err(),
            "standard alphabet"
        );
        assert!(body.len() > 100 && judge(profile, &token).is_ok());
    }
    // Tokens whose signature needs the letters in which the alphabets differ.
    for (format, profile) in WAYS {
        let differs = (0..100).find_map(|index| {
            let token = mint(format, &super::Claims { token_id: format!("t{index}"), ..claims() });
            let (signed, signature) = token.rsplit_once('.').unwrap();
            let standard = signature.replace('-', "+").replace('_', "/");
            (standard != signature).then(|| format!("{signed}.{standard}"))
        });
        assert!(judge(profile, &differs.unwrap()).is_err());
    }
}

/// Promise: W-6
#[test]
fn a_signature_over_less_than_the_whole_text_is_refused() {
    let body = base64(payload(&[]));
    let token = format!("stacyvm-worker-v1.{body}.{}", hmac(SECRET, &body));
    let over_json = format!("stacyvm-worker-v1.{body}.{}", hmac(SECRET, &payload(&[])));
    let key = signing_key(1);
    let id = key.verifying_key().key_id();
    for profile in [Profile::Strict, Profile::Compat] {
        assert_eq!(judge(profile, &token), Err(WorkerTokenError::Signature));
        assert_eq!(judge(profile, &over_json), Err(WorkerTokenError::Signature));
        for signed in [body.clone(), payload(&[]), format!("{id}.{body}")] {
            let signature = base64(key.sign(signed.as_bytes()));
            let token = format!("carnet-worker-v2.{id}.{body}.{signature}");
            assert_eq!(judge(profile, &token), Err(WorkerTokenError::Signature));
        }
    }
}

/// Promise: W-7
#[test]
fn a_v2_token_holds_under_the_key_that_it_names() {
    let (one, two) = (signing_key(1), signing_key(2));
    let both = [one.verifying_key(), two.verifying_key()];
    let published = |change: fn(&mut serde_json::Value)| {
        let mut set = jwks::write(both);
        change(&mut set["keys"][1]);
        let keys = jwks::read(&set.to_string()).unwrap();
        WorkerKeys::new().with_public(keys).unwrap()
    };
    let judge = |keys: &WorkerKeys, token: &str| {
        verify(token, keys, Profile::Strict, None, NOW).map(|token| token.key_id)
    };
    let token = mint_v2(&two, &claims()).unwrap();
    let id = two.verifying_key().key_id();
    assert_eq!(judge(&published(|_| ()), &token), Ok(id));
    let renamed = token.replacen(&id.to_string(), &one.verifying_key().key_id().to_string(), 1);
    assert_eq!(judge(&published(|_| ()), &renamed), Err(WorkerTokenError::Signature));
    let unusable: [fn(&mut serde_json::Value); 7] = [
        |jwk| jwk["use"] = json!("sig"),
        |jwk| jwk["use"] = json!(null),
        |jwk| jwk["kid"] = json!("0000000000000000"),
        |jwk| jwk["kid"] = json!(jwk["kid"].as_str().unwrap().to_uppercase() + "A"),
        |jwk| jwk["alg"] = json!("none"),
        |jwk| jwk["crv"] = json!("X25519"),
        |jwk| jwk["x"] = json!(base64([1; 31])),
    ];
    for change in unusable {
        assert_eq!(judge(&published(change), &token), Err(WorkerTokenError::UnknownKey));
    }
}

/// Promise: W-8
#[test]
fn public_keys_do_not_mint() {
    let key = signing_key(1);
    let public = key.verifying_key();
    let jwk = serde_json::to_value(jwks::Jwk::of(public, jwks::USE)).unwrap();
    let texts = [
        jwk["x"].as_str().unwrap().to_owned(),
        jwk["kid"].as_str().unwrap().to_owned(),
        hex::encode(public.as_bytes()),
        jwk.to_string(),
    ];
    let only_public = WorkerKeys::new().with_public([public.clone()]).unwrap();
    for text in texts {
        let v1 = mint_v1(&hmac_key(&text), &claims()).unwrap();
        let signed = format!("carnet-worker-v2.{}.{}", public.key_id(), base64(payload(&[])));
        let v2 = format!("{signed}.{}", hmac(&text, &signed));
        for keys in [&only_public, &keys()] {
            for profile in [Profile::Strict, Profile::Compat] {
                let judge = |token: &str| verify(token, keys, profile, None, NOW).unwrap_err();
                assert_eq!(judge(&v1), WorkerTokenError::Signature);
                assert_eq!(judge(&v2), WorkerTokenError::Format);
            }
        }
    }
}

#[test]
fn a_set_of_keys_is_read_as_far_as_it_is_usable() {
    let keys: Vec<_> = (0..70).map(|seed| signing_key(seed).verifying_key().clone()).collect();
    let read = jwks::read(&jwks::write(&keys).to_string()).unwrap();
    assert_eq!(read.len(), PUBLIC_KEYS_MAX);
    assert!(read.iter().zip(&keys).all(|(read, key)| read.as_bytes() == key.as_bytes()));
    assert!(WorkerKeys::new().with_public(keys).is_err());
    let rsa = r#"{"keys":[{"kty":"RSA","n":"AQAB"},7]}"#;
    assert!(jwks::read(rsa).unwrap().is_empty());
    let long = format!("{{\"keys\":[]}}{}", " ".repeat(jwks::LEN_MAX));
    for wrong in ["", "[]", "{}", "{\"keys\":{}}", &long] {
        assert!(jwks::read(wrong).is_err());
    }
}

/// Promise: W-42
#[test]
fn a_text_of_more_than_4096_characters_is_refused_unread() {
    for (format, profile) in WAYS {
        let fill = |extra: usize| {
            let filler = format!("\"{}\"", "x".repeat(extra));
            sign(format, payload(&[("pad", Some(&filler))]))
        };
        let longest =
            (2500..3100).map(fill).take_while(|token| token.len() <= 4096).last().unwrap();
        let longer = (2500..3100).map(fill).find(|token| token.len() > 4096).unwrap();
        assert_ne!(judge(profile, &longest).err(), Some(WorkerTokenError::TooLong));
        assert_eq!(judge(profile, &longer).err(), Some(WorkerTokenError::TooLong));
        assert_eq!(inspect(&longer).err(), Some(WorkerTokenError::TooLong));
    }
    // Characters, not bytes.
    let wide = "é".repeat(4096);
    assert_eq!(inspect(&wide), Err(WorkerTokenError::Format));
    assert_eq!(inspect(&format!("{wide}x")), Err(WorkerTokenError::TooLong));
}

/// Pieces from which JSON, and what is nearly JSON, is put together.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\\u",
    "\\ud83d",
    "\\ude00",
    "\\ud800",
    "null",
    "true",
    "-0",
    "1e9",
    "1.5",
    "99999999999999999999",
    "253402300799",
    " ",
    "\r\n",
    "é",
    "\u{0}",
    "\"exp\":",
    "\"EXP\":",
    "\"worker_id\":",
    "\"scopes\":",
    "\"worker:lease\"",
    "\"jti\":",
    "\"x\":",
];

proptest! {
    /// Promise: W-42
    #[test]
    fn no_input_panics_and_none_is_believed(
        noise: Vec<u8>,
        text in "\\PC{0,200}",
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40),
    ) {
        let json = pieces.concat();
        for (format, profile) in WAYS {
            for token in [
                text.clone(),
                format!("{}.{text}", format.as_str()),
                format!("{}.{text}.{text}", format.as_str()),
                sign(format, &noise),
                sign(format, &json),
                super::sign_text(format, &text.replace('.', "-")),
            ] {
                let _ = inspect(&token);
                // Random members never say who, until when and for whom.
                prop_assert!(judge(profile, &token).is_err());
            }
            let _ = judge(profile, &sign(format, format!("{{{json}}}")));
            let _ = judge(profile, &sign(format, payload(&[("x", Some(&json))])));
        }
        let _ = jwks::read(&json);
    }

    #[test]
    fn a_mutated_token_is_never_believed(at: prop::sample::Index, with: char) {
        for (format, profile) in WAYS {
            let token = mint(format, &claims());
            let at = at.index(token.len());
            let mutated = format!("{}{with}{}", &token[..at], &token[at + 1..]);
            let longer = format!("{}{with}{}", &token[..at], &token[at..]);
            let shorter = format!("{}{}", &token[..at], &token[at + 1..]);
            for text in [mutated, longer, shorter] {
                let found = verify(&text, &keys(), profile, Some(Audience::ControlPlane), NOW);
                prop_assert!(text == token || found.is_err(), "{}", text);
                let _ = inspect(&text);
            }
            prop_assert!(Format::of(&token) == Some(format));
        }
    }
}
