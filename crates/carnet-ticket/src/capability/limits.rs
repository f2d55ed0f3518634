//! [`TicketLimits`]: what the manifest allows tickets to say, and what they get where they say nothing.
//! Source: capability spec, sections 8 and 9.

use super::{TOKEN_LEN_MAX, TicketClaims};
use crate::claim::ClaimName;
use crate::verify::Limits;

/// What the manifest allows tickets to say; 0 is no limit, but for counts and lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketLimits {
    /// Scopes of a ticket.
    pub max_scopes: usize,
    /// Bytes of a scope's path.
    pub max_scope_path_len: usize,
    /// Reads and writes a second in one scope.
    pub max_scope_rate_per_s: u32,
    /// Bytes moved: the most, and what a ticket gets that names none.
    pub bandwidth_bytes: u64,
    /// Cursors taken up again: likewise.
    pub cursor_resumes: u32,
    /// Cursor steps: likewise.
    pub cursor_advances: u32,
    /// Life, seconds.
    pub max_ttl_s: u64,
    /// Characters of a ticket.
    pub max_token_chars: usize,
}

impl Default for TicketLimits {
    fn default() -> Self {
        Self {
            max_scopes: 8,
            max_scope_path_len: 128,
            max_scope_rate_per_s: 64,
            bandwidth_bytes: 131_072,
            cursor_resumes: 16,
            cursor_advances: 256,
            max_ttl_s: 0,
            max_token_chars: TOKEN_LEN_MAX,
        }
    }
}

impl TicketLimits {
    /// What a ticket may spend: what it says, or what the manifest says where it says nothing.
    pub fn effective(&self, claims: &TicketClaims) -> Result<Limits, LimitFault> {
        self.check_scopes(claims)?;
        let quotas = &claims.quotas;
        let over = |value: u64, max: u64| max > 0 && value > max;
        if let Some(value) =
            quotas.bandwidth_bytes.filter(|value| over(*value, self.bandwidth_bytes))
        {
            return Err(LimitFault::Bandwidth { value, max: self.bandwidth_bytes });
        }
        let over_small = |value: &u32, max: u32| max > 0 && *value > max;
        if let Some(value) =
            quotas.cursor_resumes.filter(|value| over_small(value, self.cursor_resumes))
        {
            return Err(LimitFault::CursorResumes { value, max: self.cursor_resumes });
        }
        if let Some(value) =
            quotas.cursor_advances.filter(|value| over_small(value, self.cursor_advances))
        {
            return Err(LimitFault::CursorAdvances { value, max: self.cursor_advances });
        }
        if let Some(value) = claims.budget.ttl_s().filter(|value| over(*value, self.max_ttl_s)) {
            return Err(LimitFault::Ttl { value, max: self.max_ttl_s });
        }
        let default = |value: u64| Some(value).filter(|value| *value > 0);
        Ok(Limits {
            ops: claims.budget.ops(),
            ticks: claims.budget.ticks(),
            bandwidth_bytes: quotas.bandwidth_bytes.or(default(self.bandwidth_bytes)),
            cursor_resumes: quotas
                .cursor_resumes
                .map(u64::from)
                .or(default(self.cursor_resumes.into())),
            cursor_advances: quotas
                .cursor_advances
                .map(u64::from)
                .or(default(self.cursor_advances.into())),
        })
    }

    fn check_scopes(&self, claims: &TicketClaims) -> Result<(), LimitFault> {
        let count = claims.scopes.len();
        if count > self.max_scopes {
            return Err(LimitFault::ScopeCount { count, max: self.max_scopes });
        }
        for scope in &claims.scopes {
            let path = scope.path.trim();
            let is_path = path.is_empty()
                || (path.starts_with('/') && path.split('/').all(|part| part != ".."));
            if path.len() > self.max_scope_path_len || !is_path {
                return Err(LimitFault::ScopePath {
                    path: ClaimName::new(path),
                    max: self.max_scope_path_len,
                });
            }
            let (rate, max) = (scope.rate_per_s, self.max_scope_rate_per_s);
            if max > 0 && rate > max {
                return Err(LimitFault::ScopeRate { rate, max });
            }
        }
        Ok(())
    }
}

/// What of a ticket is more than the manifest allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LimitFault {
    /// Too many scopes.
    #[error("scope count {count} exceeds {max}")]
    ScopeCount {
        /// How many.
        count: usize,
        /// The most.
        max: usize,
    },
    /// A scope's path is too long, relative, or has `..`.
    #[error("scope path '{path}' exceeds {max} bytes")]
    ScopePath {
        /// The path.
        path: ClaimName,
        /// The most bytes.
        max: usize,
    },
    /// A scope's rate.
    #[error("scope rate {rate} exceeds {max}")]
    ScopeRate {
        /// The rate.
        rate: u32,
        /// The most.
        max: u32,
    },
    /// Bytes moved.
    #[error("bandwidth quota {value} exceeds {max}")]
    Bandwidth {
        /// The quota.
        value: u64,
        /// The most.
        max: u64,
    },
    /// Cursors taken up again.
    #[error("cursor resume quota {value} exceeds {max}")]
    CursorResumes {
        /// The quota.
        value: u32,
        /// The most.
        max: u32,
    },
    /// Cursor steps.
    #[error("cursor advance quota {value} exceeds {max}")]
    CursorAdvances {
        /// The quota.
        value: u32,
        /// The most.
        max: u32,
    },
    /// Life.
    #[error("ttl {value} exceeds {max}")]
    Ttl {
        /// Seconds.
        value: u64,
        /// The most.
        max: u64,
    },
}
