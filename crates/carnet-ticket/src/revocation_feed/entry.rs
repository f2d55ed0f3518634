//! Entries as messages write them.

use serde::{Deserialize, Serialize};

use crate::revocation::{Entry, Selector};
use crate::time::Timestamp;
use crate::verify::RevocationKind;

/// An entry; members in this order. Times are Unix seconds.
#[derive(Serialize, Deserialize)]
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
    /// The entry; `None` when it is none, or says what an entry of its kind does not.
    pub(super) fn entry(&self) -> Option<Entry> {
        let kind = RevocationKind::from_name(&self.kind)?;
        let may_narrow = self.worker_id.is_none() || kind == RevocationKind::TokenId;
        let may_bound = self.issued_before.is_none() || kind == RevocationKind::Subject;
        if !(may_narrow && may_bound) {
            return None;
        }
        let line = Timestamp::from_unix_s(self.issued_before.unwrap_or(self.at));
        let selector = Selector::parse(kind, &self.value, self.worker_id.as_deref(), line).ok()?;
        Some(Entry {
            seq: self.seq,
            selector,
            at: Timestamp::from_unix_s(self.at),
            exp: self.exp.map(Timestamp::from_unix_s),
        })
    }
}
