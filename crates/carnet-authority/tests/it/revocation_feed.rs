//! What an authority tells of its revocations.

use std::sync::Arc;

use carnet_authority::revocation_feed::FeedSigner;
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::revocation::{Entry, Selector};
use carnet_ticket::revocation_feed::{DELTA_LEN_MAX, News, verify};
use carnet_ticket::time::Timestamp;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// The longest entry there is: every byte of it has to be escaped.
fn entry(seq: u64) -> Entry {
    let text = "\u{1}".repeat(512);
    let selector = Selector::TokenId { token_id: text.clone(), worker_id: Some(text) };
    Entry { seq, selector, at: NOW, exp: None }
}

/// Promise: P-22
#[test]
fn what_is_too_long_for_one_delta_makes_more_that_follow_one_another() {
    let key = Arc::new(SigningKey::from_seed(&[7; 32]).unwrap());
    let signer = FeedSigner::new("https://carnet.example".to_owned(), Arc::clone(&key));
    let entries: Vec<_> = (3..=500).map(entry).collect();
    let deltas = signer.deltas(entries.clone(), NOW);
    assert!(deltas.len() > 2);
    let (mut next, mut told) = (3, Vec::new());
    for delta in deltas {
        assert!(delta.text.len() <= DELTA_LEN_MAX);
        let message = verify(&delta.text, &[key.verifying_key().clone()]).unwrap().into_message();
        let News::Delta { from_seq, entries } = message.news else { panic!("no delta") };
        assert_eq!((from_seq, delta.from_seq, message.seq), (next, next, delta.seq));
        next = message.seq + 1;
        told.extend(entries);
    }
    assert_eq!(told, entries);
    assert_eq!(signer.deltas(Vec::new(), NOW), []);
    assert_eq!(signer.deltas(entries[..1].to_vec(), NOW).len(), 1);
}
