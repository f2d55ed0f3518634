//! [`KeyRing`]: keys under a name, replaced while tokens are judged.

use std::fmt;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use super::{KEYS_MAX, VerifyingKey};

/// Keys under a name. Clones share them: what replaces them judges the next token of every holder.
#[derive(Clone)]
pub struct KeyRing {
    name: Arc<str>,
    held: Arc<ArcSwap<Held>>,
}

/// Keys, and how often they were replaced before.
pub(super) struct Held {
    pub(super) keys: Arc<[VerifyingKey]>,
    generation: u64,
}

/// More keys than a ring holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} keys, a ring holds at most {KEYS_MAX}")]
pub struct TooManyKeys(pub usize);

impl KeyRing {
    /// A ring without keys yet: it verifies nothing.
    pub fn named(name: impl Into<Arc<str>>) -> Self {
        let held = Held { keys: Arc::new([]), generation: 0 };
        Self { name: name.into(), held: Arc::new(ArcSwap::from_pointee(held)) }
    }

    /// What it is called: what validators that use it are told apart by, instead of its keys.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Puts `keys` in the place of those that it held, all at once.
    pub fn replace(&self, keys: Vec<VerifyingKey>) -> Result<(), TooManyKeys> {
        if keys.len() > KEYS_MAX {
            return Err(TooManyKeys(keys.len()));
        }
        let keys: Arc<[_]> = keys.into();
        self.held.rcu(|held| Held { keys: Arc::clone(&keys), generation: held.generation + 1 });
        Ok(())
    }

    /// How often its keys were replaced.
    pub fn generation(&self) -> u64 {
        self.held.load().generation
    }

    pub(super) fn load(&self) -> Guard<Arc<Held>> {
        self.held.load()
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({:?}, {:?})", self.name, self.load().keys)
    }
}
