//! [`WorkerKeys`]: everything that a verifier of worker tokens knows.

use std::collections::{HashMap, HashSet};

use super::format::Signature;
use super::key::StaticToken;
use super::{HMAC_KEYS_MAX, HmacKey, PUBLIC_KEYS_MAX, Via, WorkerTokenError};
use crate::ed25519::VerifyingKey;
use crate::id::KeyId;

/// Keys, static tokens and the emergency list.
#[derive(Debug, Clone, Default)]
pub struct WorkerKeys {
    hmac: Vec<HmacKey>,
    public: Vec<VerifyingKey>,
    shared: Option<StaticToken>,
    per_worker: HashMap<String, StaticToken>,
    revoked: HashSet<String>,
}

/// More keys than a ring holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a ring holds at most {HMAC_KEYS_MAX} HMAC keys and {PUBLIC_KEYS_MAX} public keys")]
pub struct RingFull;

impl WorkerKeys {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// And these keys of v1 tokens, the active one first. Repeats are dropped.
    pub fn with_hmac(mut self, keys: impl IntoIterator<Item = HmacKey>) -> Result<Self, RingFull> {
        extend(&mut self.hmac, keys, HMAC_KEYS_MAX, HmacKey::key_id)?;
        Ok(self)
    }

    /// And these keys of v2 tokens. Repeats are dropped.
    pub fn with_public(
        mut self,
        keys: impl IntoIterator<Item = VerifyingKey>,
    ) -> Result<Self, RingFull> {
        extend(&mut self.public, keys, PUBLIC_KEYS_MAX, VerifyingKey::key_id)?;
        Ok(self)
    }

    /// And a static token that workers without one of their own share; a blank one is none.
    #[must_use]
    pub fn with_shared_token(mut self, token: &str) -> Self {
        self.shared = StaticToken::from_text(token);
        self
    }

    /// And the static tokens of single workers, by worker id; blank ones are none.
    #[must_use]
    pub fn with_worker_tokens<'a>(
        mut self,
        tokens: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let known =
            |(id, token): (&str, &str)| Some((id.to_owned(), StaticToken::from_text(token)?));
        self.per_worker.extend(tokens.into_iter().filter_map(known));
        self
    }

    /// And the ids of tokens that are refused whatever they say. Each is trimmed; blank ones are dropped.
    #[must_use]
    pub fn with_revoked_ids<'a>(mut self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        let ids = ids.into_iter().map(str::trim).filter(|id| !id.is_empty());
        self.revoked.extend(ids.map(str::to_owned));
        self
    }

    /// Whether nobody could ever be let in.
    pub fn is_empty(&self) -> bool {
        let has_static = self.shared.is_some() || !self.per_worker.is_empty();
        self.hmac.is_empty() && self.public.is_empty() && !has_static
    }

    /// Whether the token of this id is on the emergency list.
    pub fn revokes(&self, token_id: &str) -> bool {
        self.revoked.contains(token_id)
    }

    /// The key that made `signature` over `signed`.
    pub(super) fn signer(
        &self,
        signed: &str,
        signature: &Signature<'_>,
    ) -> Result<KeyId, WorkerTokenError> {
        match signature {
            Signature::V1(mac) => self
                .hmac
                .iter()
                .find(|key| key.holds(signed, mac))
                .map(HmacKey::key_id)
                .ok_or(WorkerTokenError::Signature),
            Signature::V2(id, signature) => {
                let key = self.public.iter().find(|key| key.key_id() == *id);
                let key = key.ok_or(WorkerTokenError::UnknownKey)?;
                let is_signed = key.verifies(signed.as_bytes(), signature);
                is_signed.then_some(*id).ok_or(WorkerTokenError::Signature)
            }
        }
    }

    /// The worker whose own static token `text` is. Every one is compared.
    pub(super) fn owner(&self, text: &str) -> Option<&str> {
        let mut its = self.per_worker.iter().filter(|(_, token)| token.is(text));
        let first = its.next().map(|(id, _)| id.as_str());
        its.for_each(drop);
        first
    }

    /// What the static token `text` of this worker is, and its key id. A worker's own token leaves the shared
    /// one without effect.
    pub(super) fn static_token(&self, worker_id: &str, text: &str) -> Option<(Via, KeyId)> {
        let own = self.per_worker.get(worker_id).map(|token| (Via::WorkerTokens, token));
        let shared = || self.shared.as_ref().map(|token| (Via::WorkerToken, token));
        let (via, token) = own.or_else(shared)?;
        token.is(text).then_some((via, token.id))
    }
}

fn extend<K>(
    ring: &mut Vec<K>,
    keys: impl IntoIterator<Item = K>,
    max: usize,
    id: impl Fn(&K) -> KeyId,
) -> Result<(), RingFull> {
    for key in keys {
        if ring.iter().any(|known| id(known) == id(&key)) {
            continue;
        }
        if ring.len() == max {
            return Err(RingFull);
        }
        ring.push(key);
    }
    Ok(())
}
