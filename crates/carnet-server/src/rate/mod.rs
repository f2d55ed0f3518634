//! How often callers may ask. Each limit is a number of requests per minute and key; all of them may come at
//! once. Source: realm spec, section 5; control plane spec,
//! section 8; worker runtime spec, section 5.

mod cells;
mod clock;

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use carnet_config::Config;
use carnet_gate::Clock;
use governor::Quota;
use governor::clock::Clock as _;

use cells::{Cells, Governor, Key};
use clock::Ticks;

use crate::problem::Problem;

/// Bad credentials that an address may present to the fleet's listener in a minute.
const FLEET_FAILURES: u32 = 10;

/// Times that a member may ask for its next certificate in a minute; one in good order asks once in its life.
const RENEWALS: u32 = 10;

/// What is limited, by which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Bad credentials, by the address they come from.
    Failures,
    /// Bad credentials of the fleet, by the address they come from.
    FleetFailures,
    /// Renewals of certificates, by member.
    Renewals,
    /// Approvals of clients begun, by address.
    ClientInit,
    /// Looks at whether a client is approved, by client.
    ClientPoll,
    /// Requests in the content store, by caller.
    User,
    /// Uploads, by realm.
    Upload,
    /// Tool calls, by credential.
    Mcp,
    /// What administrators of the content store do, by caller.
    Admin,
}

impl Limit {
    const ALL: [Self; 9] = [
        Self::Failures,
        Self::FleetFailures,
        Self::Renewals,
        Self::ClientInit,
        Self::ClientPoll,
        Self::User,
        Self::Upload,
        Self::Mcp,
        Self::Admin,
    ];

    /// As metrics name it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Failures => "failures",
            Self::FleetFailures => "fleet_failures",
            Self::Renewals => "renewals",
            Self::ClientInit => "client_init",
            Self::ClientPoll => "client_poll",
            Self::User => "user",
            Self::Upload => "upload",
            Self::Mcp => "mcp",
            Self::Admin => "admin",
        }
    }

    fn per_minute(self, config: &Config) -> u32 {
        let realm = &config.realm;
        match self {
            Self::Failures => config.auth.failure_limit_per_minute,
            Self::FleetFailures => FLEET_FAILURES,
            Self::Renewals => RENEWALS,
            Self::ClientInit => realm.rate_init_per_ip,
            Self::ClientPoll => realm.rate_poll_per_client,
            Self::User => realm.rate_per_user,
            Self::Upload => realm.rate_upload_per_realm,
            Self::Mcp => realm.rate_mcp_per_credential,
            Self::Admin => realm.rate_admin_per_user,
        }
    }
}

/// Every limit that is on.
pub(crate) struct Limiters {
    clock: Clock,
    /// Keys are kept as hashes that nobody outside can aim at.
    hasher: RandomState,
    by_limit: [ArcSwapOption<Limiter>; Limit::ALL.len()],
}

struct Limiter {
    per_minute: NonZeroU32,
    ticks: Ticks,
    governor: Governor,
}

impl Limiters {
    pub(crate) fn new(config: &Config, clock: Clock) -> Self {
        let (hasher, by_limit) = (RandomState::new(), Limit::ALL.map(|_| ArcSwapOption::empty()));
        let new = Self { clock, hasher, by_limit };
        new.set(config);
        new
    }

    /// Puts other limits in force. What stays the same goes on counting.
    pub(crate) fn set(&self, config: &Config) {
        for limit in Limit::ALL {
            let per_minute = NonZeroU32::new(limit.per_minute(config));
            let limiter = &self.by_limit[limit as usize];
            if limiter.load().as_ref().map(|limiter| limiter.per_minute) != per_minute {
                limiter.store(per_minute.map(|rate| Limiter::new(rate, &self.clock).into()));
            }
        }
    }

    /// Counts one more by `key`, or refuses it.
    pub(crate) fn take(&self, limit: Limit, key: &str) -> Result<(), Problem> {
        self.check(limit, key, false)
    }

    /// Refuses what [`Limiters::take`] would, and counts nothing.
    pub(crate) fn look(&self, limit: Limit, key: &str) -> Result<(), Problem> {
        self.check(limit, key, true)
    }

    fn check(&self, limit: Limit, key: &str, is_look: bool) -> Result<(), Problem> {
        let limiter = self.by_limit[limit as usize].load();
        let Some(limiter) = limiter.as_ref() else { return Ok(()) };
        let key = Key { hash: self.hasher.hash_one(key), is_look };
        limiter.check(&key).map_err(|wait| {
            metrics::counter!("carnet_rate_limited_total", "limit" => limit.as_str()).increment(1);
            Problem { limit: Some(limiter.per_minute.get()), ..Problem::rate_limited(wait) }
        })
    }
}

impl Limiter {
    fn new(per_minute: NonZeroU32, clock: &Clock) -> Self {
        let ticks = Ticks(clock.clone());
        let cells = Cells::new(ticks.clone());
        let governor = Governor::new(Quota::per_minute(per_minute), cells, ticks.clone());
        Self { per_minute, ticks, governor }
    }

    /// How long to wait, when there were too many.
    fn check(&self, key: &Key) -> Result<(), Duration> {
        let counted = self.governor.check_key(key);
        counted.map_err(|not_until| not_until.wait_time_from(self.ticks.now()))
    }
}
