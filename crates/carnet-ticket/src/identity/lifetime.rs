//! How long a certificate lives, and when in its life what is due.

use std::fmt;
use std::time::Duration;

use crate::time::Timestamp;

/// How long a certificate counts, in whole seconds: 5 minutes to 90 days, 24 hours unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lifetime(u32);

/// Why there is no such schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// The life is under 5 minutes.
    #[error("a certificate lives 5 minutes at least")]
    TtlTooShort,
    /// The life is over 90 days.
    #[error("a certificate lives 90 days at most")]
    TtlTooLong,
    /// More than a twentieth of the life.
    #[error("the jitter is at most a twentieth of the life")]
    JitterOutOfRange,
}

impl Lifetime {
    /// 5 minutes.
    pub const MIN: Self = Self(300);
    /// 90 days.
    pub const MAX: Self = Self(90 * 86_400);
    /// 24 hours.
    pub const DEFAULT: Self = Self(86_400);

    /// This long; fractions of a second do not count.
    pub fn new(ttl: Duration) -> Result<Self, ScheduleError> {
        let life = Self(u32::try_from(ttl.as_secs()).unwrap_or(u32::MAX));
        if life < Self::MIN {
            Err(ScheduleError::TtlTooShort)
        } else if life > Self::MAX {
            Err(ScheduleError::TtlTooLong)
        } else {
            Ok(life)
        }
    }

    /// In seconds.
    pub const fn as_secs(self) -> u32 {
        self.0
    }

    /// As a duration.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0 as u64)
    }

    /// This part of it, rounded down to seconds.
    const fn part(self, numerator: u64, denominator: u64) -> Duration {
        Duration::from_secs(self.0 as u64 * numerator / denominator)
    }
}

impl fmt::Display for Lifetime {
    /// As configurations write durations: `24h0m0s`, `5m0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes, seconds) = (self.0 / 3600, self.0 / 60 % 60, self.0 % 60);
        if hours > 0 {
            write!(f, "{hours}h")?;
        }
        write!(f, "{minutes}m{seconds}s")
    }
}

impl Default for Lifetime {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// When in the life of a certificate what is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// From then on it should be renewed: two thirds of its life.
    pub renew_after: Timestamp,
    /// When its owner renews it: before that by its jitter, so that not all come at once.
    pub renew_at: Timestamp,
    /// From then on an owner that has not renewed it is degraded: five sixths.
    pub degraded_at: Timestamp,
    /// From then on it is unhealthy: the end.
    pub unhealthy_at: Timestamp,
}

impl Schedule {
    /// The schedule of a certificate issued at `issued_at`. `jitter` is drawn from nothing to a twentieth of the
    /// life.
    pub fn new(
        issued_at: Timestamp,
        life: Lifetime,
        jitter: Duration,
    ) -> Result<Self, ScheduleError> {
        if jitter > life.part(1, 20) {
            return Err(ScheduleError::JitterOutOfRange);
        }
        Ok(Self::with(issued_at, life, jitter))
    }

    /// The same, with a jitter that `random` decides.
    pub fn scattered(issued_at: Timestamp, life: Lifetime, random: u32) -> Self {
        let most_s = life.0 / 20;
        let jitter = Duration::from_secs(u64::from(random % (most_s + 1)));
        Self::with(issued_at, life, jitter)
    }

    fn with(issued_at: Timestamp, life: Lifetime, jitter: Duration) -> Self {
        Self {
            renew_after: issued_at.after(life.part(2, 3)),
            renew_at: issued_at.after(life.part(2, 3).saturating_sub(jitter)),
            degraded_at: issued_at.after(life.part(5, 6)),
            unhealthy_at: issued_at.after(life.duration()),
        }
    }
}
