//! [`Message`]: what a feed says, as its payload writes it.

use serde::{Deserialize, Serialize};

use super::MessageError;
use super::entry::Written;
use crate::revocation::Entry;

/// What a feed says. Nothing tells yet who says it: see [`verify`](super::verify).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Whose revocations they are.
    pub iss: String,
    /// The number of the newest revocation that it tells of; 0 when there never was one.
    pub seq: u64,
    /// When it was made, in Unix seconds.
    pub at_s: i64,
    /// What it tells.
    pub news: News,
}

/// What a message tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Every revocation that counts, in the order of their numbers.
    Snapshot(Vec<Entry>),
    /// Every revocation from number `from_seq` on.
    Delta {
        /// The number of the first.
        from_seq: u64,
        /// They, without gaps.
        entries: Vec<Entry>,
    },
    /// That there is nothing new.
    Alive,
}

/// A payload; members in this order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    iss: String,
    r#type: Type,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from_seq: Option<u64>,
    seq: u64,
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<Written>>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Type {
    Snapshot,
    Delta,
    Alive,
}

impl Message {
    /// The payload: JSON without white space.
    pub fn encode(&self) -> String {
        let (r#type, from_seq, entries) = match &self.news {
            News::Snapshot(entries) => (Type::Snapshot, None, Some(entries)),
            News::Delta { from_seq, entries } => (Type::Delta, Some(*from_seq), Some(entries)),
            News::Alive => (Type::Alive, None, None),
        };
        let payload = Payload {
            iss: self.iss.clone(),
            r#type,
            from_seq,
            seq: self.seq,
            at: self.at_s,
            entries: entries.map(|entries| entries.iter().map(Written::from).collect()),
        };
        // Texts and numbers alone: there is nothing that JSON could not write.
        serde_json::to_string(&payload).unwrap_or_default()
    }

    /// Reads a payload, whose length the caller has bounded.
    pub fn decode(payload: &[u8]) -> Result<Self, MessageError> {
        let payload: Payload =
            serde_json::from_slice(payload).map_err(|_| MessageError::Malformed)?;
        let entries = payload.entries.as_deref().map(read).transpose()?;
        let news = match (payload.r#type, payload.from_seq, entries) {
            (Type::Snapshot, None, Some(entries)) => News::Snapshot(entries),
            (Type::Delta, Some(from_seq), Some(entries)) => News::Delta { from_seq, entries },
            (Type::Alive, None, None) => News::Alive,
            _ => return Err(MessageError::Malformed),
        };
        let message = Self { iss: payload.iss, seq: payload.seq, at_s: payload.at, news };
        if message.is_numbered() { Ok(message) } else { Err(MessageError::BadNumbers) }
    }

    /// Whether the entries of a delta follow one another from its first number to its last, and those of a snapshot
    /// ascend to its own.
    fn is_numbered(&self) -> bool {
        match &self.news {
            News::Snapshot(entries) => {
                let first_is_number = entries.first().is_none_or(|entry| entry.seq > 0);
                let ascends = entries.is_sorted_by(|one, next| one.seq < next.seq);
                first_is_number
                    && ascends
                    && entries.last().is_none_or(|entry| entry.seq <= self.seq)
            }
            News::Delta { from_seq, entries } => {
                let numbers = entries.iter().map(|entry| entry.seq);
                *from_seq > 0 && !entries.is_empty() && numbers.eq(*from_seq..=self.seq)
            }
            News::Alive => true,
        }
    }
}

fn read(entries: &[Written]) -> Result<Vec<Entry>, MessageError> {
    entries.iter().map(|entry| entry.entry().ok_or(MessageError::BadEntry)).collect()
}
