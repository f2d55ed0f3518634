//! [`RevocationSet`]: every revocation in force, asked at each admission.

use std::collections::HashMap;
use std::hash::Hash;

use carnet_ticket::id::{KeyId, UniqueId};
use carnet_ticket::revocation::{counts_at, issued_at_s};
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::{RevocationKind, Verified};
use parking_lot::RwLock;

use super::{Delta, Entry, FeedError, Selector};

/// Fewer entries than this are never searched for expired ones.
const PRUNE_FLOOR: usize = 1024;

/// Every revocation in force. A lookup is one hash look-up per kind and one per ancestor.
#[derive(Debug, Default)]
pub struct RevocationSet {
    entries: RwLock<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    seq: u64,
    len: usize,
    prune_at: usize,
    contents: HashMap<UniqueId, (RevocationKind, End)>,
    keys: HashMap<KeyId, End>,
    certificates: HashMap<String, End>,
    token_ids: HashMap<String, Vec<(Option<String>, End)>>,
    subjects: HashMap<String, Vec<(i64, End)>>,
}

/// Until when an entry counts.
#[derive(Debug, Clone, Copy)]
struct End(Option<Timestamp>);

impl End {
    fn is_live_at(self, now: Timestamp) -> bool {
        counts_at(self.0, now)
    }
}

impl RevocationSet {
    /// The number of the newest revocation in force; 0 when there never was one.
    pub fn seq(&self) -> u64 {
        self.entries.read().seq
    }

    /// How many revocations are held.
    pub fn len(&self) -> usize {
        self.entries.read().len
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The kind of a revocation that ends `credential`, if one does.
    pub fn judge(&self, credential: &Verified, now: Timestamp) -> Option<RevocationKind> {
        let entries = self.entries.read();
        if entries.len == 0 {
            return None;
        }
        entries.judge(credential, now)
    }

    /// Takes in revocations. Those already in force are passed over; a gap changes nothing.
    pub(crate) fn apply(&self, delta: &Delta, now: Timestamp) -> Result<u64, FeedError> {
        let mut entries = self.entries.write();
        let expected = entries.seq + 1;
        if delta.from_seq > expected {
            return Err(FeedError::Gap { expected, found: delta.from_seq });
        }
        for entry in delta.entries.iter().filter(|entry| entry.seq >= expected) {
            entries.insert(entry);
        }
        entries.seq = entries.seq.max(delta.seq);
        if entries.len > entries.prune_at.max(PRUNE_FLOOR) {
            entries.prune(now);
            entries.prune_at = 2 * entries.len;
        }
        Ok(entries.seq)
    }

    /// Holds exactly these from now on, the newest of which is number `seq`.
    pub(crate) fn replace(&self, seq: u64, entries: &[Entry], now: Timestamp) {
        let mut all = Entries { seq, ..Entries::default() };
        for entry in entries.iter().filter(|entry| entry.counts_at(now)) {
            all.insert(entry);
        }
        *self.entries.write() = all;
    }
}

impl Entries {
    fn judge(&self, credential: &Verified, now: Timestamp) -> Option<RevocationKind> {
        let is_live = |end: &&End| end.is_live_at(now);
        let by_content = std::iter::once(&credential.content_id)
            .chain(&credential.ancestors)
            .find_map(|id| self.contents.get(id).filter(|(_, end)| end.is_live_at(now)));
        if let Some((kind, _)) = by_content {
            return Some(*kind);
        }
        if credential.key_id.is_some_and(|id| self.keys.get(&id).as_ref().is_some_and(is_live)) {
            return Some(RevocationKind::Key);
        }
        if credential
            .certificate
            .as_ref()
            .is_some_and(|serial| self.certificates.get(serial).as_ref().is_some_and(is_live))
        {
            return Some(RevocationKind::Certificate);
        }
        if credential.token_id.as_ref().is_some_and(|id| self.names_token(id, credential, now)) {
            return Some(RevocationKind::TokenId);
        }
        let subject_lines =
            credential.subject.as_ref().and_then(|subject| self.subjects.get(subject));
        let issued_at = issued_at_s(credential);
        let falls_under = |(before, end): &(i64, End)| issued_at <= *before && end.is_live_at(now);
        subject_lines
            .is_some_and(|lines| lines.iter().any(falls_under))
            .then_some(RevocationKind::Subject)
    }

    fn names_token(&self, id: &str, credential: &Verified, now: Timestamp) -> bool {
        self.token_ids.get(id).is_some_and(|entries| {
            entries.iter().any(|(worker, end)| {
                end.is_live_at(now)
                    && worker
                        .as_ref()
                        .is_none_or(|worker| credential.subject.as_ref() == Some(worker))
            })
        })
    }

    fn insert(&mut self, entry: &Entry) {
        let end = End(entry.exp);
        self.len += 1;
        match &entry.selector {
            Selector::TokenId { token_id, worker_id } => {
                self.token_ids.entry(token_id.clone()).or_default().push((worker_id.clone(), end));
            }
            Selector::ContentId(_) | Selector::RealmTicket(_) => {
                let content = entry.selector.content().map(|id| (id, (entry.selector.kind(), end)));
                self.contents.extend(content);
            }
            Selector::Subject { subject, issued_before } => {
                self.subjects
                    .entry(subject.clone())
                    .or_default()
                    .push((issued_before.unix_s(), end));
            }
            Selector::Key(id) => {
                self.keys.insert(*id, end);
            }
            Selector::Certificate(serial) => {
                self.certificates.insert(serial.clone(), end);
            }
        }
    }

    /// Drops what counts no more. What counts is never dropped, however much there is.
    fn prune(&mut self, now: Timestamp) {
        self.contents.retain(|_, (_, end)| end.is_live_at(now));
        self.keys.retain(|_, end| end.is_live_at(now));
        self.certificates.retain(|_, end| end.is_live_at(now));
        prune_lists(&mut self.token_ids, |(_, end)| end.is_live_at(now));
        prune_lists(&mut self.subjects, |(_, end)| end.is_live_at(now));
        let lists =
            self.token_ids.values().map(Vec::len).chain(self.subjects.values().map(Vec::len));
        self.len =
            self.contents.len() + self.keys.len() + self.certificates.len() + lists.sum::<usize>();
    }
}

fn prune_lists<K: Eq + Hash, V>(lists: &mut HashMap<K, Vec<V>>, is_live: impl Fn(&V) -> bool) {
    lists.retain(|_, list| {
        list.retain(&is_live);
        !list.is_empty()
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_entry(seq: u64, exp: Option<i64>) -> Entry {
        let key = KeyId(seq.to_le_bytes());
        let exp = exp.map(Timestamp::from_unix_s);
        Entry { seq, selector: Selector::Key(key), at: Timestamp(0), exp }
    }

    /// Promise: G-11
    #[test]
    fn expired_entries_are_pruned_and_live_ones_never() {
        let set = RevocationSet::default();
        let now = Timestamp::from_unix_s(1_000);
        for seq in 1..=5_000 {
            let exp = if seq % 2 == 0 { Some(900) } else { None };
            set.apply(&Delta::one(key_entry(seq, exp)), now).unwrap();
        }
        assert_eq!(set.seq(), 5_000);
        let entries = set.entries.read();
        assert!(entries.len < 4_000, "{} entries are held", entries.len);
        assert!(
            (1..=5_000)
                .step_by(2)
                .all(|seq: u64| entries.keys.contains_key(&KeyId(seq.to_le_bytes())))
        );
    }

    #[test]
    fn a_gap_changes_nothing_and_a_repeat_is_passed_over() {
        let set = RevocationSet::default();
        set.apply(&Delta::one(key_entry(1, None)), Timestamp(0)).unwrap();
        let gap = set.apply(&Delta::one(key_entry(3, None)), Timestamp(0));
        assert_eq!(gap, Err(FeedError::Gap { expected: 2, found: 3 }));
        assert_eq!(set.apply(&Delta::one(key_entry(1, None)), Timestamp(0)), Ok(1));
        assert_eq!((set.seq(), set.len()), (1, 1));
    }
}
