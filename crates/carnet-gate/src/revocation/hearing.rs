//! [`Hearing`]: how long it is since this gate last heard of revocations, where it has to hear of them from elsewhere.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Profile;

use crate::clock::Clock;

/// A credential that ends this soon is admitted however long ago the last news came.
const SHORT_LIVED: Duration = Duration::from_mins(15);

/// [`Hearing::heard`] before the first news.
const NEVER: u64 = u64::MAX;

/// How a gate learns of revocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// They are accepted in this process, or read from the store that it shares: it always knows the newest.
    Local,
    /// They come from elsewhere. A gate that never heard anything is stale from the start.
    Remote {
        /// After how long without news the gate counts as stale; zero for never.
        max_staleness: Duration,
    },
}

/// When there last was news, and what follows when that is too long ago.
#[derive(Debug)]
pub(crate) struct Hearing {
    freshness: Freshness,
    profile: Profile,
    /// By the clock's uptime, in milliseconds.
    heard: AtomicU64,
}

impl Hearing {
    pub(crate) const fn new(freshness: Freshness, profile: Profile) -> Self {
        Self { freshness, profile, heard: AtomicU64::new(NEVER) }
    }

    /// There is news.
    pub(crate) fn hear(&self, clock: &Clock) {
        self.heard.store(ms(clock.uptime()), Ordering::Relaxed);
    }

    /// The time since the last news; `None` when there never was any.
    pub(crate) fn silence(&self, clock: &Clock) -> Option<Duration> {
        let heard = self.heard.load(Ordering::Relaxed);
        (heard != NEVER).then(|| Duration::from_millis(ms(clock.uptime()).saturating_sub(heard)))
    }

    /// Whether the last news is too old.
    pub(crate) fn is_stale(&self, clock: &Clock) -> bool {
        match self.freshness {
            Freshness::Remote { max_staleness } if !max_staleness.is_zero() => {
                self.silence(clock).is_none_or(|silence| silence > max_staleness)
            }
            Freshness::Local | Freshness::Remote { .. } => false,
        }
    }

    /// Whether a credential that ends then is not admitted, since its revocation may not have been heard of.
    pub(crate) fn refuses(&self, expires: &Expiration, now: Timestamp, clock: &Clock) -> bool {
        self.profile == Profile::Strict
            && !expires.is_expired_at(now.after(SHORT_LIVED))
            && self.is_stale(clock)
    }
}

fn ms(uptime: Duration) -> u64 {
    u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX - 1)
}
