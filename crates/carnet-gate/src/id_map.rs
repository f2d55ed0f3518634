//! [`IdMap`]: a map by content id.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use carnet_ticket::id::UniqueId;

/// A map whose keys are hashes already, so that they are not hashed well a second time. Whoever presents a
/// credential cannot choose its content id.
pub(crate) type IdMap<V> = HashMap<UniqueId, V, BuildHasherDefault<IdHasher>>;

/// Folds the words of an id into one.
#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        // Half the golden ratio's digits: ids that differ in few bits, as numbers do, fall far apart.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let (words, _) = bytes.as_chunks::<8>();
        for word in words {
            let word = u64::from_le_bytes(*word);
            self.0 = (self.0.rotate_left(32) ^ word).wrapping_mul(SPREAD);
        }
    }

    fn finish(&self) -> u64 {
        // The upper half is the better one, and maps look at both.
        self.0 ^ self.0 >> 32
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn numbers_fall_far_apart() {
        let hasher = BuildHasherDefault::<IdHasher>::default();
        let ids = (0..4096).flat_map(|n| [UniqueId::from_u32(n), UniqueId::from_u128(n.into())]);
        let ids: HashSet<_> = ids.collect();
        let buckets: HashSet<_> = ids.iter().map(|id| hasher.hash_one(id) % 8192).collect();
        assert!(buckets.len() > 4096, "{} of {} buckets", buckets.len(), ids.len());
    }
}
