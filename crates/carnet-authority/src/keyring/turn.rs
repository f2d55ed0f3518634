//! Turning keys over: stage, promote, retire.

use carnet_ticket::id::KeyId;
use carnet_ticket::time::{Expiration, Timestamp};

use super::{Key, KeyInfo, KeySource, KeyState, Keyring, Purpose};

/// Why no key was staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RotateError {
    /// The configuration holds the keys of this purpose.
    #[error("the keys of this purpose are in the configuration")]
    ConfigManaged,
    /// One is staged already.
    #[error("key {0} is staged already")]
    AlreadyStaged(KeyId),
    /// The random bytes were no key.
    #[error("no key could be made")]
    NoKey,
}

/// Why a key was not promoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PromoteError {
    /// There is no such key.
    #[error("there is no such key")]
    NotFound,
    /// The configuration holds it.
    #[error("the key is in the configuration")]
    ConfigManaged,
    /// It is not staged.
    #[error("the key is {}, not staged", .0.as_str())]
    NotStaged(KeyState),
}

/// Why a key was not retired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RetireError {
    /// There is no such key.
    #[error("there is no such key")]
    NotFound,
    /// The configuration holds it.
    #[error("the key is in the configuration")]
    ConfigManaged,
    /// It signs: another one has to be promoted first.
    #[error("the key signs")]
    Active,
    /// Tokens under it may still live.
    #[error("tokens under the key may live")]
    InUse {
        /// When the last of them is over; never, where one has no end.
        earliest: Expiration,
    },
}

impl Keyring {
    /// A new key for `purpose` from 32 `random` bytes, staged; active where it is the first.
    pub fn rotate(
        &self,
        purpose: Purpose,
        random: &[u8; 32],
        now: Timestamp,
    ) -> Result<Key, RotateError> {
        if self.is_config_managed(purpose) {
            return Err(RotateError::ConfigManaged);
        }
        if let Some(staged) = self.of(purpose).find(|key| key.info.state == KeyState::Staged) {
            return Err(RotateError::AlreadyStaged(staged.info.id));
        }
        let mut key = Key::generate(purpose, random, now).ok_or(RotateError::NoKey)?;
        if self.active(purpose).is_none() {
            (key.info.state, key.info.promoted_at) = (KeyState::Active, Some(now));
        }
        Ok(key)
    }

    /// Lets the staged key `id` sign from `now` on; the one that signed goes on verifying. Gives both, changed.
    pub fn promote(&self, id: KeyId, now: Timestamp) -> Result<Vec<KeyInfo>, PromoteError> {
        let key = &self.find(id).ok_or(PromoteError::NotFound)?.info;
        if self.is_config_managed(key.purpose) {
            return Err(PromoteError::ConfigManaged);
        }
        if key.state != KeyState::Staged {
            return Err(PromoteError::NotStaged(key.state));
        }
        let promoted = KeyInfo { state: KeyState::Active, promoted_at: Some(now), ..key.clone() };
        let demoted = self.active(key.purpose).map(|active| KeyInfo {
            state: KeyState::Verifying,
            demoted_at: Some(now),
            ..active.info.clone()
        });
        // The old one first: at no moment do two sign.
        Ok(demoted.into_iter().chain([promoted]).collect())
    }

    fn is_config_managed(&self, purpose: Purpose) -> bool {
        self.of(purpose).any(|key| key.info.source == KeySource::Config)
    }

    /// Refuses the key `id` from `now` on. Unless forced, not before `earliest`: the end of the last token
    /// under it.
    pub fn retire(
        &self,
        id: KeyId,
        earliest: Expiration,
        is_forced: bool,
        now: Timestamp,
    ) -> Result<KeyInfo, RetireError> {
        let key = &self.find(id).ok_or(RetireError::NotFound)?.info;
        match (key.source, key.state) {
            (KeySource::Config, _) => return Err(RetireError::ConfigManaged),
            (KeySource::Store, KeyState::Active) => return Err(RetireError::Active),
            (KeySource::Store, KeyState::Verifying)
                if !is_forced && !earliest.is_expired_at(now) =>
            {
                return Err(RetireError::InUse { earliest });
            }
            (KeySource::Store, _) => {}
        }
        Ok(KeyInfo { state: KeyState::Retired, retired_at: Some(now), ..key.clone() })
    }
}
