//! Entries as messages write them. Source: control plane spec, section 4.

use carnet_gate::{Entry, Selector};
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::RevocationKind;
use serde::{Deserialize, Serialize};

/// A message: entries with their numbers. Members in this order.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Message {
    pub iss: String,
    pub r#type: Kind,
    pub from_seq: u64,
    pub seq: u64,
    pub at: i64,
    pub entries: Vec<Written>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Delta,
}

/// An entry. Times are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    seq: u64,
    kind: String,
    value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issued_before: Option<i64>,
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
}

impl From<&Entry> for Written {
    fn from(entry: &Entry) -> Self {
        let (worker_id, issued_before) = match &entry.selector {
            Selector::TokenId { worker_id, .. } => (worker_id.clone(), None),
            Selector::Subject { issued_before, .. } => (None, Some(issued_before.unix_s())),
            _ => (None, None),
        };
        Self {
            seq: entry.seq,
            kind: entry.selector.kind().as_str().to_owned(),
            value: entry.selector.value(),
            worker_id,
            issued_before,
            at: entry.at.unix_s(),
            // Rather too long than too short.
            exp: entry.exp.map(|moment| moment.unix_s() + i64::from(moment.0 % 1000 > 0)),
        }
    }
}

impl Written {
    /// The entry; `None` when it is none.
    pub(super) fn entry(&self) -> Option<Entry> {
        let kind = RevocationKind::from_name(&self.kind)?;
        let line = Timestamp::from_unix_s(self.issued_before.unwrap_or(0));
        let selector = Selector::parse(kind, &self.value, self.worker_id.as_deref(), line).ok()?;
        Some(Entry {
            seq: self.seq,
            selector,
            at: Timestamp::from_unix_s(self.at),
            exp: self.exp.map(Timestamp::from_unix_s),
        })
    }
}
