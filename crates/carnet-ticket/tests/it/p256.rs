//! Signed requests: what a signature covers.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carnet_ticket::realm::ClientId;
use carnet_ticket::realm::p256::{Body, Head, P256Error, PublicKey, SignedRequest};
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Profile;

const NOW: Timestamp = Timestamp::from_unix_s(1_700_000_000);

struct Client {
    pair: EcdsaKeyPair,
    public_key: String,
}

impl Client {
    fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let public_key = format!("{}.{}", URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        Self { pair, public_key }
    }

    fn sign(&self, request: &SignedRequest<'_>) -> String {
        let signed = self.pair.sign(&SystemRandom::new(), request.string_to_sign().as_bytes());
        URL_SAFE_NO_PAD.encode(signed.unwrap())
    }
}

fn request<'a>(client: &'a Client, nonce: Option<&'a str>, body: &[u8]) -> SignedRequest<'a> {
    let head = Head {
        public_key: &client.public_key,
        timestamp: "1700000000",
        nonce,
        signature: "",
        method: "PUT",
        host: "localhost:7423",
        target: "/api/realm/self/nodes/x",
    };
    SignedRequest { head, body: Body::of(body) }
}

fn signed<'a>(request: SignedRequest<'a>, signature: &'a str) -> SignedRequest<'a> {
    SignedRequest { head: Head { signature, ..request.head }, ..request }
}

/// Promise: R-48
#[test]
fn every_part_of_a_request_is_covered() {
    let (client, other) = (Client::new(), Client::new());
    let plain = request(&client, Some("a-nonce-of-16-ch"), b"body");
    let signature = client.sign(&plain);
    let good = signed(plain, &signature);
    assert_eq!(good.verify(Profile::Strict, NOW), Ok(ClientId::of(&client.public_key)));
    assert_eq!(SignedRequest::decode(&good.encode()), Some(good));
    let head = good.head;
    for changed in [
        Head { public_key: &other.public_key, ..head },
        Head { timestamp: "1700000001", ..head },
        Head { nonce: Some("b-nonce-of-16-ch"), ..head },
        Head { method: "POST", ..head },
        Head { host: "localhost:7424", ..head },
        Head { target: "/api/realm/self/nodes/x?", ..head },
    ] {
        let changed = SignedRequest { head: changed, body: good.body };
        assert_eq!(changed.verify(Profile::Compat, NOW), Err(P256Error::BadSignature));
    }
    let changed = SignedRequest { body: Body::of(b"bodY"), ..good };
    assert_eq!(changed.verify(Profile::Strict, NOW), Err(P256Error::BadSignature));
    assert!(!format!("{good:?}").contains(&signature));
}

/// Promise: R-48
#[test]
fn a_request_counts_for_300_seconds_either_way() {
    let client = Client::new();
    let plain = request(&client, Some("a-nonce-of-16-ch"), b"");
    let signature = client.sign(&plain);
    let at = |offset_ms: i64| {
        signed(plain, &signature).verify(Profile::Strict, Timestamp(NOW.0 + offset_ms)).err()
    };
    assert_eq!([at(-300_000), at(300_999), at(0)], [None; 3]);
    assert_eq!([at(-300_001), at(301_000)], [Some(P256Error::Skew); 2]);
}

/// In version 1 the second half of a signature has two values: both name one request.
#[test]
fn a_request_has_one_name_however_it_is_signed_again() {
    let client = Client::new();
    let nonce = Some("a-nonce-of-16-ch");
    let (first, second) = (request(&client, nonce, b"one"), request(&client, nonce, b"two"));
    assert_eq!(first.once(), second.once(), "a nonce is for one request");

    let plain = request(&client, None, b"one");
    let signature = client.sign(&plain);
    let mut bytes = URL_SAFE_NO_PAD.decode(&signature).unwrap();
    bytes[63] ^= 1;
    let same_r = URL_SAFE_NO_PAD.encode(&bytes);
    bytes[0] ^= 1;
    let other_r = URL_SAFE_NO_PAD.encode(&bytes);
    let once = |signature| signed(plain, signature).once();
    assert_eq!(once(&signature), once(&same_r));
    assert_ne!(once(&signature), once(&other_r));
}

#[test]
fn a_point_has_one_text() {
    let client = Client::new();
    assert_eq!(
        PublicKey::parse(&client.public_key).unwrap().client(),
        ClientId::of(&client.public_key)
    );
    let (x, y) = client.public_key.split_once('.').unwrap();
    // Of the last character of 32 bytes the two lowest bits have to be zero.
    let padded = format!("{x}=.{y}");
    let zeros = "A".repeat(43);
    for wrong in [
        "",
        ".",
        x,
        &format!("{x}.{y}."),
        &format!("{x}.{y}A"),
        &format!("{x} .{y}"),
        &padded,
        &format!("{zeros}.{zeros}"),
        &format!("{}B.{y}", &x[..42]),
    ] {
        assert_eq!(PublicKey::parse(wrong).err(), Some(P256Error::BadPublicKey), "{wrong}");
    }
}
