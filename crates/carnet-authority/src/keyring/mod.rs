//! [`Keyring`]: the keys that sign and verify, and how they turn over without a refused token.
//!
//! ```text
//! staged --promote--> active --(the next is promoted)--> verifying --retire--> retired
//! ```
//!
//! A staged key verifies already, so that every member of a fleet knows it before the first token under it is
//! minted. Source: control plane spec, section 3. Nothing here is stored or fetched: a change is the list of
//! [`KeyInfo`] to write, and the keyring is made anew from what was written.

mod jwks;
mod key;
mod plan;
mod seal;
mod turn;

pub use key::{Key, KeyInfo, KeySecret, KeySource, KeyState, Purpose};
pub use plan::{
    RotationPhase, RotationPlan, RotationPlanError, RotationPlanOptions, rotation_plan,
};
pub use seal::{SealKey, UnsealError};
pub use turn::{PromoteError, RetireError, RotateError};

use carnet_ticket::id::KeyId;

/// Every key of this process. One per purpose signs.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    keys: Vec<Key>,
}

impl Keyring {
    /// A ring of these keys. Of a key that comes twice the first counts; of two that sign for one purpose the
    /// first does, and the other goes on verifying.
    pub fn new(keys: impl IntoIterator<Item = Key>) -> Self {
        let mut ring = Self::default();
        for mut key in keys {
            if ring.find(key.info.id).is_some() {
                continue;
            }
            if key.info.state == KeyState::Active && ring.active(key.info.purpose).is_some() {
                key.info.state = KeyState::Verifying;
            }
            ring.keys.push(key);
        }
        ring
    }

    /// Every key, in the order given.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The key with this id.
    pub fn find(&self, id: KeyId) -> Option<&Key> {
        self.keys.iter().find(|key| key.info.id == id)
    }

    /// The key that signs for `purpose`.
    pub fn active(&self, purpose: Purpose) -> Option<&Key> {
        self.of(purpose).find(|key| key.info.state == KeyState::Active)
    }

    /// The keys that verify for `purpose`: the active one first.
    pub fn verifying(&self, purpose: Purpose) -> impl Iterator<Item = &Key> {
        let others = self
            .of(purpose)
            .filter(|key| matches!(key.info.state, KeyState::Staged | KeyState::Verifying));
        self.active(purpose).into_iter().chain(others)
    }

    fn of(&self, purpose: Purpose) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(move |key| key.info.purpose == purpose)
    }
}
