//! [`CreateTicket`]: what a new ticket is to allow.

use carnet_ticket::realm::NodeKey;

use crate::accept::{self, InvalidAccept};

const INPUT_MAX: usize = 1000;
const PURPOSE_MAX: usize = 500;
const QUOTA_MAX: u64 = (1 << 53) - 1;

/// What a new ticket is to allow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreateTicket {
    /// What it may read; none for the whole realm, or all that its parent has.
    pub input: Option<Vec<NodeKey>>,
    /// What it is for.
    pub purpose: Option<String>,
    /// What it may write; none for nothing.
    pub writable: Option<WritableRequest>,
    /// How long it counts, seconds.
    pub expires_in_s: Option<u64>,
    /// Whether it may make children of itself.
    pub delegable: bool,
}

/// What a new ticket may write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WritableRequest {
    /// The most bytes; none for no limit, or what its parent has left.
    pub quota: Option<u64>,
    /// The content types; none for all, or those of its parent.
    pub accept: Option<Vec<String>>,
}

/// Nothing that a ticket can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTicket {
    /// More inputs than there may be.
    #[error("input has more than {INPUT_MAX} keys")]
    TooManyInputs,
    /// A purpose that is too long.
    #[error("purpose has more than {PURPOSE_MAX} characters")]
    PurposeTooLong,
    /// A quota of 0, or beyond what JSON can say.
    #[error("quota is from 1 to 2^53 - 1")]
    BadQuota,
    /// Patterns that are none.
    #[error(transparent)]
    Accept(#[from] InvalidAccept),
    /// A life of no time.
    #[error("expiresIn is at least 1")]
    NoTime,
}

impl CreateTicket {
    /// Whether a ticket can be this at all.
    pub fn check(&self) -> Result<(), InvalidTicket> {
        if self.input.as_ref().is_some_and(|input| input.len() > INPUT_MAX) {
            return Err(InvalidTicket::TooManyInputs);
        }
        if self.purpose.as_ref().is_some_and(|purpose| purpose.chars().count() > PURPOSE_MAX) {
            return Err(InvalidTicket::PurposeTooLong);
        }
        let writable = self.writable.as_ref();
        let quota = writable.and_then(|writable| writable.quota);
        if quota.is_some_and(|quota| !(1..=QUOTA_MAX).contains(&quota)) {
            return Err(InvalidTicket::BadQuota);
        }
        if let Some(patterns) = writable.and_then(|writable| writable.accept.as_ref()) {
            accept::check_patterns(patterns)?;
        }
        if self.expires_in_s == Some(0) { Err(InvalidTicket::NoTime) } else { Ok(()) }
    }
}

impl InvalidTicket {
    /// The field that is at fault.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::TooManyInputs => "input",
            Self::PurposeTooLong => "purpose",
            Self::BadQuota => "writable.quota",
            Self::Accept(_) => "writable.accept",
            Self::NoTime => "expiresIn",
        }
    }
}
