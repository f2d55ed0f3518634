//! ECDSA signatures are two numbers of a fixed length, and have two forms.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carnet_ticket::jwt::{
    Es256SigningKey, Es384SigningKey, Es512SigningKey, Jwt, JwtError, JwtTicketBuilder, SigningKey,
    content_id,
};
use carnet_ticket::time::{Expiration, Timestamp};

use super::{NOW_S, base64url, judge};

/// The orders of the groups (SP 800-186, section 3.2.1).
const ORDERS: [&str; 3] = [
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
];

/// Promise: V-24
#[test]
fn signatures_are_raw_in_range_and_of_exact_length_and_both_forms_name_one_content() {
    let keys: [SigningKey; 3] = [
        Es256SigningKey::from_bytes(&[1; 32]).unwrap().into(),
        Es384SigningKey::from_bytes(&[1; 48]).unwrap().into(),
        Es512SigningKey::from_bytes(&[1; 66]).unwrap().into(),
    ];
    for (key, order) in keys.into_iter().zip(ORDERS) {
        let order = hex::decode(order).unwrap();
        let end = Expiration::At(Timestamp::from_unix_s(NOW_S + 60));
        let jwt = Jwt::with_key(key.verifying_key().clone());
        let text = JwtTicketBuilder::new(key).subject("peer").expires_at(end).sign().unwrap();
        let (signed, signature) = text.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let (r, s) = signature.split_at(order.len());
        assert_eq!(s.len(), order.len(), "two numbers as long as the order");
        let judge_with = |signature: &[&[u8]]| {
            let text = format!("{signed}.{}", base64url(signature.concat()));
            judge(&jwt, &text).map(|_| content_id(&text))
        };
        let content = judge_with(&[r, s]).unwrap();
        assert_eq!(judge_with(&[r, &minus(&order, s)]), Ok(content));
        let zero = vec![0; order.len()];
        let largest = vec![0xff; order.len()];
        let more = minus(&order, &minus(&zero, &[zero[1..].to_vec(), vec![1]].concat()));
        for wrong in [&zero, &order, &more, &largest] {
            assert_eq!(judge_with(&[wrong, s]).unwrap_err(), JwtError::Signature);
            assert_eq!(judge_with(&[r, wrong]).unwrap_err(), JwtError::Signature);
            assert_eq!(judge_with(&[wrong, wrong]).unwrap_err(), JwtError::Signature);
        }
        let der = der(r, s);
        for wrong in [
            &[r, &s[1..]],
            &[&r[1..], s],
            &[r, &[s, &[0]].concat()],
            &[&[&[0], r].concat(), s],
            &[&der, &[]],
        ] {
            assert_eq!(judge_with(wrong).unwrap_err(), JwtError::Signature);
        }
        assert_eq!(judge_with(&[&[0], r, &[0], s]).unwrap_err(), JwtError::Signature);
    }
}

/// `a - b`, modulo a power of 256.
fn minus(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let mut difference: Vec<_> = a
        .iter()
        .zip(b)
        .rev()
        .map(|(a, b)| {
            let (first, below) = a.overflowing_sub(*b);
            let (byte, again) = first.overflowing_sub(u8::from(borrow));
            borrow = below || again;
            byte
        })
        .collect();
    difference.reverse();
    difference
}

/// The ASN.1 form of a signature, which is not that of tokens.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| {
        let len = u8::try_from(bytes.len() + 1).unwrap();
        [&[2, len, 0], bytes].concat()
    };
    let body = [number(r), number(s)].concat();
    match u8::try_from(body.len()).unwrap() {
        len @ ..128 => [&[0x30, len], body.as_slice()].concat(),
        len => [&[0x30, 0x81, len], body.as_slice()].concat(),
    }
}
