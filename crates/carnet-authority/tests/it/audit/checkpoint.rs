//! Checkpoints: what is signed, and what is refused.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use carnet_authority::audit::{CheckpointError, SignedCheckpoint};
use carnet_ticket::ed25519::SigningKey;
use proptest::prelude::*;

use super::support::{chain, checkpoint, key};

#[test]
fn a_checkpoint_is_these_bytes() {
    let rows = chain(3);
    let signed = checkpoint(&rows[2]);
    let parts: Vec<_> = signed.as_str().split('.').collect();
    let text = |part: &str| String::from_utf8(BASE64.decode(part).unwrap()).unwrap();
    assert_eq!(
        text(parts[0]),
        format!(
            r#"{{"alg":"EdDSA","kid":"{}","typ":"carnet-audit-checkpoint+jws"}}"#,
            key().verifying_key().key_id()
        )
    );
    assert_eq!(
        text(parts[1]),
        format!(
            r#"{{"iss":"carnet.test","seq":3,"hash":"{}","at":1700000000000,"prev_seq":0}}"#,
            rows[2].hash
        )
    );
    let read = SignedCheckpoint::parse(signed.as_str()).unwrap();
    assert_eq!(read.verify(&[key().verifying_key().clone()]), Ok(signed.claimed()));
}

#[test]
fn no_single_bit_of_a_checkpoint_can_change() {
    let text = checkpoint(&chain(1)[0]).as_str().to_owned();
    let keys = [key().verifying_key().clone()];
    for bit in 0..text.len() * 8 {
        let mut bytes = text.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(changed) = String::from_utf8(bytes) else { continue };
        let verified =
            SignedCheckpoint::parse(&changed).and_then(|signed| signed.verify(&keys).map(|_| ()));
        assert!(verified.is_err(), "bit {bit}: {changed}");
    }
}

#[test]
fn other_keys_and_long_texts_are_refused() {
    let signed = checkpoint(&chain(1)[0]);
    let other = SigningKey::from_seed(&[8; 32]).unwrap();
    let refused = signed.verify(&[other.verifying_key().clone()]);
    assert_eq!(refused, Err(CheckpointError::UnknownKey));
    let long = "x".repeat(5000);
    assert_eq!(
        SignedCheckpoint::parse(&long),
        Err(CheckpointError::TooLong { len: 5000, max: 4096 })
    );
}

proptest! {
    #[test]
    fn noise_is_refused_without_a_panic(noise: String, payload: String) {
        prop_assert!(SignedCheckpoint::parse(&noise).is_err());
        let text = format!("a.{}.b", BASE64.encode(payload));
        prop_assert!(SignedCheckpoint::parse(&text).is_err());
    }
}
