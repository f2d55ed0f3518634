//! What an authority tells of its revocations, signed for whoever has to know. The messages are those of
//! [`carnet_ticket::revocation_feed`].

use std::sync::Arc;

use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::id::KeyId;
use carnet_ticket::jws;
use carnet_ticket::revocation::Entry;
use carnet_ticket::revocation_feed::{DELTA_LEN_MAX, Message, News, TYPE};
use carnet_ticket::time::Timestamp;

/// Signs the messages of one feed.
#[derive(Debug, Clone)]
pub struct FeedSigner {
    issuer: String,
    key: Arc<SigningKey>,
}

/// A signed delta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedDelta {
    /// The number of its first entry.
    pub from_seq: u64,
    /// The number of its last.
    pub seq: u64,
    /// The message.
    pub text: String,
}

impl FeedSigner {
    /// Signs for `issuer` with its `revocation-feed` key.
    pub fn new(issuer: String, key: Arc<SigningKey>) -> Self {
        Self { issuer, key }
    }

    /// The key that signs.
    pub fn key_id(&self) -> KeyId {
        self.key.verifying_key().key_id()
    }

    /// That nothing came after number `seq`.
    pub fn alive(&self, seq: u64, now: Timestamp) -> String {
        self.sign(seq, now, News::Alive)
    }

    /// All that counts at number `seq`.
    pub fn snapshot(&self, seq: u64, entries: Vec<Entry>, now: Timestamp) -> String {
        self.sign(seq, now, News::Snapshot(entries))
    }

    /// These entries, which follow one another: in one delta, or in as many as it takes for each to be as short as it
    /// has to be.
    pub fn deltas(&self, mut entries: Vec<Entry>, now: Timestamp) -> Vec<SignedDelta> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return Vec::new();
        };
        let (from_seq, seq) = (first.seq, last.seq);
        let text = self.sign(seq, now, News::Delta { from_seq, entries: entries.clone() });
        if text.len() <= DELTA_LEN_MAX || entries.len() == 1 {
            return vec![SignedDelta { from_seq, seq, text }];
        }
        let rest = entries.split_off(entries.len() / 2);
        let mut deltas = self.deltas(entries, now);
        deltas.extend(self.deltas(rest, now));
        deltas
    }

    fn sign(&self, seq: u64, now: Timestamp, news: News) -> String {
        let message = Message { iss: self.issuer.clone(), seq, at_s: now.unix_s(), news };
        jws::sign(TYPE, &message.encode(), &self.key)
    }
}
