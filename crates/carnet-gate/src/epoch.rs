//! [`Epochs`]: tells facts that were read before their row changed from those read after.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};

use carnet_ticket::id::UniqueId;
use parking_lot::RwLock;

/// How many changes are remembered; facts older than all of them are refused.
const REMEMBERED: usize = 65_536;

/// Numbers the changes of rows. Facts carry the number read before their row was; a row that changed after
/// that number makes them stale.
#[derive(Default)]
pub(crate) struct Epochs {
    epoch: AtomicU64,
    recent: RwLock<Recent>,
}

#[derive(Default)]
struct Recent {
    changed: HashMap<UniqueId, u64>,
    order: VecDeque<(u64, UniqueId)>,
    forgotten: u64,
}

impl Epochs {
    pub(crate) fn now(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Facts about `content` read before this call are stale from here on.
    pub(crate) fn advance(&self, content: UniqueId) {
        let mut recent = self.recent.write();
        let epoch = self.epoch.fetch_add(1, Ordering::SeqCst) + 1;
        recent.changed.insert(content, epoch);
        recent.order.push_back((epoch, content));
        if recent.order.len() > REMEMBERED {
            recent.forget_oldest();
        }
    }

    /// Whether facts read at `epoch` about any of `contents` may be out of date.
    pub(crate) fn is_stale<'a>(
        &self,
        epoch: u64,
        contents: impl IntoIterator<Item = &'a UniqueId>,
    ) -> bool {
        let recent = self.recent.read();
        epoch < recent.forgotten
            || contents
                .into_iter()
                .any(|content| recent.changed.get(content).is_some_and(|changed| *changed > epoch))
    }
}

impl Recent {
    fn forget_oldest(&mut self) {
        let Some((epoch, content)) = self.order.pop_front() else { return };
        self.forgotten = epoch;
        if self.changed.get(&content) == Some(&epoch) {
            self.changed.remove(&content);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_stale_once_their_row_changed_and_when_older_than_memory() {
        let (epochs, row, other) = (Epochs::default(), UniqueId::from_u8(1), UniqueId::from_u8(2));
        let before = epochs.now();
        epochs.advance(row);
        assert!(epochs.is_stale(before, [&row]));
        assert!(!epochs.is_stale(before, [&other]));
        assert!(!epochs.is_stale(epochs.now(), [&row]));

        for _ in 0..REMEMBERED {
            epochs.advance(other);
        }
        assert!(
            epochs.is_stale(before, [&UniqueId::from_u8(3)]),
            "older than all that is remembered"
        );
        assert!(!epochs.is_stale(epochs.now(), [&row, &other]));
        assert_eq!(epochs.recent.read().changed.len(), 1, "memory is bounded");
    }
}
