//! Turning managed keys over: written, audited, and in force before it is answered.

use std::time::Duration;

use carnet_authority::audit::{Actor, Event, Kind, Outcome};
use carnet_authority::keyring::{
    Key, KeyInfo, Keyring, PromoteError, Purpose, RetireError, RotateError, UnsealError,
};
use carnet_store::{SealedKey, StoreError};
use carnet_ticket::id::KeyId;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::worker_token::{LIFETIME_MAX, SKEW};

use super::{Authority, AuthorityError};
use crate::audit::nobody;
use crate::state::App;

/// Why keys were not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TurnError {
    /// No new key.
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// Not promoted.
    #[error(transparent)]
    Promote(#[from] PromoteError),
    /// Not retired.
    #[error(transparent)]
    Retire(#[from] RetireError),
    /// Nothing to seal a key with.
    #[error("keys.seal_key is not set")]
    NoSealKey,
    /// A key could not be sealed.
    #[error(transparent)]
    Seal(#[from] UnsealError),
    /// No random bytes.
    #[error("the machine gives no random bytes")]
    NoRandomness,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Authority {
    /// Makes a key for `purpose`: staged, or active where it is the first.
    pub(crate) async fn rotate(
        &self,
        purpose: Purpose,
        now: Timestamp,
        event: impl FnOnce(&KeyInfo) -> Event + Send,
    ) -> Result<KeyInfo, TurnError> {
        let _turn = self.turn().await;
        let seal = self.seal.as_ref().ok_or(TurnError::NoSealKey)?;
        let key = self.keyring().rotate(purpose, &random()?, now)?;
        let sealed = SealedKey { info: key.info.clone(), sealed: seal.seal(&key, random()?)? };
        self.store.audited(event(&key.info)).insert_signing_key(sealed).await?;
        let info = key.info.clone();
        self.replace(std::iter::once(key), &[]);
        Ok(info)
    }

    /// Lets a staged key sign.
    pub(crate) async fn promote(
        &self,
        id: KeyId,
        now: Timestamp,
        event: Event,
    ) -> Result<KeyInfo, TurnError> {
        let _turn = self.turn().await;
        let changed = self.keyring().promote(id, now)?;
        self.store.audited(event).update_signing_keys(changed.clone()).await?;
        self.replace(std::iter::empty(), &changed);
        let promoted = changed.into_iter().find(|info| info.id == id);
        promoted.ok_or(TurnError::Promote(PromoteError::NotFound))
    }

    /// Refuses a key from now on: at once when forced, else not before the last token under it is over.
    pub(crate) async fn retire(
        &self,
        id: KeyId,
        is_forced: bool,
        now: Timestamp,
        event: Event,
    ) -> Result<KeyInfo, TurnError> {
        let _turn = self.turn().await;
        let earliest = self.last_use(id).await?;
        let retired = self.keyring().retire(id, earliest, is_forced, now)?;
        self.store.audited(event).update_signing_keys(vec![retired.clone()]).await?;
        self.replace(std::iter::empty(), std::slice::from_ref(&retired));
        Ok(retired)
    }

    /// When nothing signed with the key counts any more. Tokens that a process minted for itself are in no ledger:
    /// they live as long as a worker token may.
    async fn last_use(&self, id: KeyId) -> Result<Expiration, StoreError> {
        let demoted = self.keyring().find(id).and_then(|key| key.info.demoted_at);
        let own = demoted.map(|moment| Expiration::At(moment.after(LIFETIME_MAX)));
        let issued = self.store.last_end_of_key(id).await?;
        let last = own.into_iter().chain(issued).max();
        Ok(last.map_or(Expiration::At(Timestamp(0)), |end| later(end, SKEW)))
    }

    fn replace(&self, new: impl Iterator<Item = Key>, changed: &[KeyInfo]) {
        let keyring = self.keyring();
        let known = keyring.keys().iter().cloned().map(|mut key| {
            if let Some(info) = changed.iter().find(|info| info.id == key.info.id) {
                key.info = info.clone();
            }
            key
        });
        self.put_in_force(Keyring::new(known.chain(new)));
    }
}

impl App {
    /// Makes the keys that a server signs with by itself, where it can seal them and has none.
    pub(crate) async fn make_first_keys(&self) -> Result<(), AuthorityError> {
        let (authority, now) = (self.authority(), self.clock().now());
        for purpose in [Purpose::AuditCheckpoint, Purpose::RevocationFeed] {
            if authority.seal.is_none() || authority.keyring().active(purpose).is_some() {
                continue;
            }
            let event = |info: &KeyInfo| {
                let actor = Actor { id: "server".into(), ..nobody() };
                let id = info.id.to_string();
                Event::new(now, Kind::Key, actor, "key.rotate", &id, Outcome::Allowed, "start")
            };
            authority.rotate(purpose, now, event).await.map_err(|error| match error {
                TurnError::Store(error) => error.into(),
                error => AuthorityError::FirstKeys(Box::new(error)),
            })?;
        }
        Ok(())
    }
}

fn later(end: Expiration, by: Duration) -> Expiration {
    end.moment().map_or(end, |moment| Expiration::At(moment.after(by)))
}

fn random<const N: usize>() -> Result<[u8; N], TurnError> {
    crate::random::bytes().map_err(|_| TurnError::NoRandomness)
}
