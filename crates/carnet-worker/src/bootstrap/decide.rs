//! [`decide`]: what to do about what the directory holds.

use carnet_ticket::time::Timestamp;

use crate::error::WorkerError;
use crate::files::Stored;

/// What the certificate directory holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Held {
    /// No certificate.
    Nothing,
    /// Files that cannot be used.
    Bad,
    /// A certificate with its key.
    Pair {
        /// How much of its life is left: from 1 down to nothing.
        life_left: f64,
    },
}

/// What is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Use it.
    Reuse,
    /// Ask for the next one, and use it if there is none yet.
    Renew,
    /// Spend the token.
    Enroll,
    /// Do not start.
    Refuse,
}

/// Uses what has more than a third of its life left; renews what has less; enrolls where there is nothing that
/// counts, if there is a token.
pub fn decide(held: Held, has_token: bool) -> Action {
    match held {
        Held::Pair { life_left } if life_left > 1.0 / 3.0 => Action::Reuse,
        Held::Pair { life_left } if life_left > 0.0 => Action::Renew,
        _ if has_token => Action::Enroll,
        _ => Action::Refuse,
    }
}

impl Held {
    pub(crate) fn of(read: &Result<Option<Stored>, WorkerError>, now: Timestamp) -> Self {
        match read {
            Ok(None) => Self::Nothing,
            Ok(Some(stored)) => Self::Pair { life_left: stored.life_left(now) },
            Err(_) => Self::Bad,
        }
    }
}
