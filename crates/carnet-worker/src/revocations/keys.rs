//! [`FeedKeys`]: the public keys of a feed, as its issuer publishes them.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use carnet_gate::Clock;
use carnet_ticket::ed25519::VerifyingKey;
use carnet_ticket::jwks;
use carnet_ticket::revocation_feed::JWK_USE;
use reqwest::Url;

use super::FollowError;
use super::follow::document;

/// A key that is not known is asked for at most this often.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// Keys that nobody has signed with yet are asked for this often: the control plane waits for all to have them.
const REFRESH: Duration = Duration::from_mins(5);

/// The keys that are believed. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct FeedKeys(Arc<ArcSwap<Vec<VerifyingKey>>>);

impl FeedKeys {
    pub(super) fn known(&self) -> Guard<Arc<Vec<VerifyingKey>>> {
        self.0.load()
    }

    /// Their ids, with commas between.
    pub(crate) fn ids(&self) -> String {
        let ids: Vec<_> = self.known().iter().map(|key| key.key_id().to_string()).collect();
        ids.join(",")
    }
}

/// Where the keys are, and which they were the last time.
#[derive(Debug)]
pub(super) struct KeySource {
    url: Url,
    keys: FeedKeys,
    asked: Option<Duration>,
}

impl KeySource {
    pub(super) fn new(url: Url, keys: FeedKeys) -> Self {
        Self { url, keys, asked: None }
    }

    pub(super) fn known(&self) -> Guard<Arc<Vec<VerifyingKey>>> {
        self.keys.known()
    }

    /// Whether there may be new ones.
    pub(super) fn is_due(&self, clock: &Clock) -> bool {
        self.asked.is_none_or(|asked| clock.uptime().saturating_sub(asked) >= REFRESH)
    }

    /// Asks for the keys again, unless it did so a moment ago. Whether there are others now.
    pub(super) async fn ask(
        &mut self,
        http: &reqwest::Client,
        clock: &Clock,
    ) -> Result<bool, FollowError> {
        let now = clock.uptime();
        if self.asked.is_some_and(|asked| now.saturating_sub(asked) < ASK_AGAIN) {
            return Ok(false);
        }
        self.asked = Some(now);
        let text = document(http.get(self.url.clone()), clock, jwks::LEN_MAX).await?;
        let keys = jwks::read(&text, JWK_USE).map_err(|_| FollowError::Answer)?;
        let ids = |keys: &[VerifyingKey]| keys.iter().map(VerifyingKey::key_id).collect::<Vec<_>>();
        let are_others = ids(&keys) != ids(&self.known());
        self.keys.0.store(Arc::new(keys));
        Ok(are_others)
    }
}
