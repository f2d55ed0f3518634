//! Messages of a revocation feed, as texts and as payloads that are signed.

#![no_main]

use std::sync::LazyLock;

use carnet_ticket::ed25519::{SigningKey, VerifyingKey};
use carnet_ticket::jws;
use carnet_ticket::revocation_feed::{Message, MessageError, News, TYPE, verify};
use fuzz::forged;
use libfuzzer_sys::fuzz_target;

static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_seed(&[42; 32]).expect("the seed makes a key"));

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let keys: [VerifyingKey; 1] = [KEY.verifying_key().clone()];
    assert!(verify(text, &keys).is_err(), "no text has a signature by chance");

    let signed = jws::sign(TYPE, text, &KEY);
    let Ok(message) = verify(&signed, &keys) else { return };
    assert_eq!(verify(&forged(&signed), &keys), Err(MessageError::BadSignature));
    let message = message.into_message();
    numbered(&message);
    let again = Message::decode(message.encode().as_bytes());
    assert_eq!(again, Ok(message), "what was read can be written, and reads the same");
});

fn numbered(message: &Message) {
    match &message.news {
        News::Snapshot(entries) => {
            assert!(entries.iter().all(|entry| (1..=message.seq).contains(&entry.seq)));
        }
        News::Delta { from_seq, entries } => {
            assert_eq!(entries.len() as u64, message.seq - from_seq + 1);
        }
        News::Alive => {}
    }
}
