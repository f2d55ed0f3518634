//! [`FeedKeys`]: the public keys of a feed, as its issuer publishes them.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use carnet_gate::Clock;
use carnet_ticket::ed25519::VerifyingKey;
use carnet_ticket::jwks;
use carnet_ticket::revocation_feed::JWK_USE;
use http::Method;

use super::FollowError;
use super::follow::document;
use crate::plane::Plane;

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

    /// Their ids.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.known().iter().map(|key| key.key_id().to_string()).collect()
    }
}

/// The keys, and when they were asked for the last time.
#[derive(Debug)]
pub(super) struct KeySource {
    keys: FeedKeys,
    asked: Option<Duration>,
}

impl KeySource {
    pub(super) fn new(keys: FeedKeys) -> Self {
        Self { keys, asked: None }
    }

    pub(super) fn known(&self) -> Guard<Arc<Vec<VerifyingKey>>> {
        self.keys.known()
    }

    /// Whether there may be new ones.
    pub(super) fn is_due(&self, clock: &Clock) -> bool {
        self.asked.is_none_or(|asked| clock.uptime().saturating_sub(asked) >= REFRESH)
    }

    /// Asks for the keys again, unless it did so a moment ago. Whether there are others now.
    pub(super) async fn ask(&mut self, plane: &Plane) -> Result<bool, FollowError> {
        let now = plane.clock().uptime();
        if self.asked.is_some_and(|asked| now.saturating_sub(asked) < ASK_AGAIN) {
            return Ok(false);
        }
        self.asked = Some(now);
        let keys = jwks::read(&published(plane).await?, JWK_USE);
        let keys = keys.map_err(|_| FollowError::Answer)?;
        let ids = |keys: &[VerifyingKey]| keys.iter().map(VerifyingKey::key_id).collect::<Vec<_>>();
        let are_others = ids(&keys) != ids(&self.known());
        self.keys.0.store(Arc::new(keys));
        Ok(are_others)
    }
}

/// The keys of every use, as a control plane publishes them.
pub(crate) async fn published(plane: &Plane) -> Result<String, FollowError> {
    let request = plane.request(Method::GET, plane.at(".well-known/jwks.json")).await?;
    document(request, plane.clock(), jwks::LEN_MAX).await
}
