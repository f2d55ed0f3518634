//! Moments and ends: [`Timestamp`] and [`Expiration`].

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment: Unix time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The last moment there is. What nobody has stamped says this, so that time checks fail closed.
    pub const MAX: Self = Self(i64::MAX);

    /// From whole Unix seconds, as token formats write them.
    pub const fn from_unix_s(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Whole Unix seconds, rounded down.
    pub const fn unix_s(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and `duration` more, or [`Self::MAX`] where that does not fit.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(i64::try_from(duration.as_millis()).map_or(i64::MAX, |ms| self.0.saturating_add(ms)))
    }

    /// This moment and `duration` less, or the earliest there is where that does not fit.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self(i64::try_from(duration.as_millis()).map_or(i64::MIN, |ms| self.0.saturating_sub(ms)))
    }

    /// The time from `earlier` to this moment; zero when it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The moment as RFC 3339 UTC with `Z`; the fraction is left out when it is zero.
    /// `None` outside the years 0 to 9999.
    pub fn to_rfc3339(self) -> Option<String> {
        let moment = jiff::Timestamp::from_millisecond(self.0).ok()?;
        let text = moment.to_string();
        (text.len() <= "9999-12-31T23:59:59.999Z".len()).then_some(text)
    }

    /// Reads RFC 3339 of at most 64 characters, any offset; finer than milliseconds is dropped.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        if text.len() > 64 {
            return None;
        }
        text.parse::<jiff::Timestamp>().ok().map(|moment| Self(moment.as_millisecond()))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339, or plain milliseconds where that cannot say it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_rfc3339() {
            Some(text) => f.write_str(&text),
            None => write!(f, "{} ms", self.0),
        }
    }
}

/// Until when something counts. Ordered by time, `Never` last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expiration {
    /// Until this moment, which is the first at which it no longer counts.
    At(Timestamp),
    /// For ever.
    Never,
}

/// An expiration's wire form could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an expiration")]
pub struct MalformedExpiration;

impl Expiration {
    /// For ever.
    pub const fn never() -> Self {
        Self::Never
    }

    /// Until `moment`.
    pub const fn at(moment: Timestamp) -> Self {
        Self::At(moment)
    }

    /// Until `duration` after `now`.
    pub fn after(now: Timestamp, duration: Duration) -> Self {
        Self::At(now.after(duration))
    }

    /// Whether it is over at `now`: the moment itself is.
    pub fn is_expired_at(&self, now: Timestamp) -> bool {
        matches!(self, Self::At(moment) if *moment <= now)
    }

    /// What is left at `now`; none for [`Self::Never`] and for expired.
    pub fn remaining_at(&self, now: Timestamp) -> Option<Duration> {
        match self {
            Self::At(moment) if *moment > now => Some(moment.since(now)),
            _ => None,
        }
    }

    /// The moment, when there is one.
    pub const fn moment(&self) -> Option<Timestamp> {
        match self {
            Self::At(moment) => Some(*moment),
            Self::Never => None,
        }
    }

    /// The postcard form: `00`, or `01`, a length and an RFC 3339 text (credential spec, section 2).
    /// A moment outside the years 0 to 9999 has no text and is written as the end of year 9999.
    pub fn encode(&self) -> Vec<u8> {
        let Self::At(moment) = self else { return vec![0] };
        let text = moment.to_rfc3339().unwrap_or_else(|| "9999-12-31T23:59:59.999Z".to_owned());
        let mut out = Vec::with_capacity(2 + text.len());
        out.push(1);
        // At most 24 characters: the varint is one byte.
        out.extend(u8::try_from(text.len()));
        out.extend_from_slice(text.as_bytes());
        out
    }

    /// Reads the postcard form, all of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, MalformedExpiration> {
        match bytes {
            [0] => Ok(Self::Never),
            [1, len, text @ ..] if usize::from(*len) == text.len() => std::str::from_utf8(text)
                .ok()
                .and_then(Timestamp::from_rfc3339)
                .map(Self::At)
                .ok_or(MalformedExpiration),
            _ => Err(MalformedExpiration),
        }
    }
}
