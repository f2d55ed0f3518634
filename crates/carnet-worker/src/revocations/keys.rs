//! [`FeedKeys`]: the public keys of a feed, as its issuer publishes them.

use std::time::Duration;

use carnet_gate::Clock;
use carnet_ticket::ed25519::VerifyingKey;
use carnet_ticket::jwks;
use carnet_ticket::revocation_feed::JWK_USE;
use reqwest::Url;

use super::FollowError;
use super::fetch::body;

/// A key that is not known is asked for at most this often.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// Keys that were asked for so long ago are asked for again: one of them may be retired.
const OLD: Duration = Duration::from_mins(5);

/// Where the keys are, and which they were the last time.
#[derive(Debug)]
pub(super) struct FeedKeys {
    url: Url,
    keys: Vec<VerifyingKey>,
    asked: Option<Duration>,
}

impl FeedKeys {
    pub(super) fn new(url: Url) -> Self {
        Self { url, keys: Vec::new(), asked: None }
    }

    pub(super) fn known(&self) -> &[VerifyingKey] {
        &self.keys
    }

    /// Whether they should be asked for again.
    pub(super) fn are_old(&self, clock: &Clock) -> bool {
        let now = clock.uptime();
        self.asked.is_none_or(|asked| now.saturating_sub(asked) >= OLD)
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
        let text = body(http.get(self.url.clone()), jwks::LEN_MAX).await?;
        let keys = jwks::read(&text, JWK_USE).map_err(|_| FollowError::Answer)?;
        let ids = |keys: &[VerifyingKey]| keys.iter().map(VerifyingKey::key_id).collect::<Vec<_>>();
        let are_others = ids(&keys) != ids(&self.keys);
        self.keys = keys;
        Ok(are_others)
    }
}
