//! Admitting a capability ticket: against keys, the bearer, time and the manifest's limits. Source: capability
//! spec, section 9.

use std::collections::HashMap;
use std::time::Duration;

use super::{Role, TicketClaims, TicketError, TicketKey, TicketToken};
use crate::id::{KeyId, UniqueId};
use crate::rights::{PathScopes, Rights};
use crate::time::{Expiration, Timestamp};
use crate::verify::{Class, Facts, Limits, Presented, Profile, Reason, Verified, Verify};

/// How far ahead an issue time may be: clocks may differ by as much.
const SKEW: Duration = Duration::from_secs(30);

/// The keys of each role: the active one first, then previous ones.
pub type RoleKeys = HashMap<Role, Vec<TicketKey>>;

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
            max_token_chars: super::TOKEN_LEN_MAX,
        }
    }
}

/// Somebody who wants to attach.
#[derive(Debug, Clone, Copy)]
pub struct AttachRequest<'a> {
    /// The role asked for.
    pub role: Role,
    /// Who it says it is.
    pub identity: Option<&'a str>,
    /// Its ticket, trimmed.
    pub token: Option<&'a str>,
}

/// Somebody who may attach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// As what.
    pub role: Role,
    /// As whom.
    pub subject: Option<String>,
    /// Until when.
    pub expires: Expiration,
    /// How much.
    pub limits: Limits,
    /// The ticket; the operator may come without one.
    pub ticket: Option<AdmittedTicket>,
}

/// The ticket that somebody attaches with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmittedTicket {
    /// Its content.
    pub content_id: UniqueId,
    /// The key that it holds under.
    pub key_id: KeyId,
    /// What it says.
    pub claims: TicketClaims,
}

/// Why somebody may not attach. In the order in which it is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CapabilityError {
    /// A worker without a ticket.
    #[error("ticket required for worker attach")]
    TicketRequired,
    /// A text that is no ticket, or not one of ours.
    #[error("ticket invalid: {0}")]
    Ticket(TicketError),
    /// The role has no secret here.
    #[error("ticket rejected")]
    NoKey,
    /// A ticket of another role.
    #[error("ticket role mismatch")]
    RoleMismatch,
    /// A worker's ticket without a subject.
    #[error("ticket subject required")]
    SubjectRequired,
    /// A ticket of somebody else.
    #[error("ticket subject mismatch")]
    SubjectMismatch,
    /// A worker's ticket without an end. Strict only.
    #[error("ticket ttl required")]
    TtlRequired,
    /// Issued more than 30 s ahead. Strict only.
    #[error("ticket issued in the future")]
    IssuedInFuture,
    /// Its time is over.
    #[error("ticket expired")]
    Expired,
    /// More than the manifest allows.
    #[error("ticket invalid: {0}")]
    Limit(LimitFault),
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
    #[error("scope path {index} exceeds {max} bytes, is relative, or has ..")]
    ScopePath {
        /// Which scope.
        index: usize,
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

impl CapabilityError {
    /// The stable snake-case name in metrics, logs and audit.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TicketRequired => "ticket_required",
            Self::Ticket(_) => "ticket_invalid",
            Self::NoKey => "no_key",
            Self::RoleMismatch => "role_mismatch",
            Self::SubjectRequired => "subject_required",
            Self::SubjectMismatch => "subject_mismatch",
            Self::TtlRequired => "ttl_required",
            Self::IssuedInFuture => "issued_in_future",
            Self::Expired => "expired",
            Self::Limit(_) => "limit",
        }
    }
}

/// Judges capability tickets.
#[derive(Debug, Clone)]
pub struct Capability {
    keys: RoleKeys,
    limits: TicketLimits,
    profile: Profile,
}

impl Capability {
    /// A judge with these keys and limits.
    pub fn new(keys: RoleKeys, limits: TicketLimits, profile: Profile) -> Self {
        Self { keys, limits, profile }
    }

    /// Whether somebody may attach at `now`, and as what.
    pub fn admit(
        &self,
        request: &AttachRequest<'_>,
        now: Timestamp,
    ) -> Result<Admitted, CapabilityError> {
        let is_worker = request.role != Role::Queen;
        let Some(token) = request.token else {
            let subject = request.identity.map(str::to_owned);
            let free = Admitted {
                role: request.role,
                subject,
                expires: Expiration::Never,
                limits: Limits::none(),
                ticket: None,
            };
            return if is_worker { Err(CapabilityError::TicketRequired) } else { Ok(free) };
        };
        if token.len() > self.limits.max_token_chars {
            return Err(CapabilityError::Ticket(TicketError::TooLong(token.len())));
        }
        let keys = self.keys.get(&request.role).ok_or(CapabilityError::NoKey)?;
        let ticket =
            TicketToken::decode_any(token, keys, self.profile).map_err(CapabilityError::Ticket)?;
        let claims = ticket.claims();
        self.check_bearer(claims, request, is_worker)?;
        self.check_time(claims, is_worker, now)?;
        let limits = self.limits.effective(claims).map_err(CapabilityError::Limit)?;
        Ok(Admitted {
            role: claims.role,
            subject: claims.subject.clone().or_else(|| request.identity.map(str::to_owned)),
            expires: claims.expires(),
            limits,
            ticket: Some(AdmittedTicket {
                content_id: ticket.content_id(),
                key_id: ticket.key_id(),
                claims: claims.clone(),
            }),
        })
    }

    #[expect(clippy::unused_self, reason = "the steps of one judgement")]
    fn check_bearer(
        &self,
        claims: &TicketClaims,
        request: &AttachRequest<'_>,
        is_worker: bool,
    ) -> Result<(), CapabilityError> {
        if claims.role != request.role {
            return Err(CapabilityError::RoleMismatch);
        }
        let subject = claims.subject.as_deref();
        if is_worker && subject.unwrap_or_default().is_empty() {
            return Err(CapabilityError::SubjectRequired);
        }
        match (request.identity, subject) {
            (Some(identity), Some(subject)) if identity != subject => {
                Err(CapabilityError::SubjectMismatch)
            }
            _ => Ok(()),
        }
    }

    fn check_time(
        &self,
        claims: &TicketClaims,
        is_worker: bool,
        now: Timestamp,
    ) -> Result<(), CapabilityError> {
        let is_strict = self.profile == Profile::Strict;
        if is_strict && is_worker && claims.budget.ttl_s().is_none() {
            return Err(CapabilityError::TtlRequired);
        }
        let latest = u64::try_from(now.after(SKEW).0).unwrap_or(0);
        if is_strict && claims.issued_at_ms > latest {
            return Err(CapabilityError::IssuedInFuture);
        }
        if claims.expires().is_expired_at(now) { Err(CapabilityError::Expired) } else { Ok(()) }
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
        for (index, scope) in claims.scopes.iter().enumerate() {
            let path = scope.path.trim();
            let is_path = path.is_empty()
                || (path.starts_with('/') && path.split('/').all(|part| part != ".."));
            if path.len() > self.max_scope_path_len || !is_path {
                return Err(LimitFault::ScopePath { index, max: self.max_scope_path_len });
            }
            let (rate, max) = (scope.rate_per_s, self.max_scope_rate_per_s);
            if max > 0 && rate > max {
                return Err(LimitFault::ScopeRate { rate, max });
            }
        }
        Ok(())
    }
}

impl Verify for Capability {
    /// The bearer's role says which keys count; without one, nobody gets in.
    fn verify(
        &self,
        presented: &Presented<'_>,
        _: &Facts,
        now: Timestamp,
    ) -> Result<Verified, Reason> {
        let role = presented.bearer.role.and_then(Role::parse).ok_or(Reason::Role)?;
        let token = presented.as_text().ok_or(Reason::Malformed)?;
        let request =
            AttachRequest { role, identity: presented.bearer.subject, token: Some(token.trim()) };
        let admitted = self.admit(&request, now).map_err(Reason::Capability)?;
        let ticket = admitted.ticket.ok_or(Reason::Malformed)?;
        let issued_at = i64::try_from(ticket.claims.issued_at_ms).unwrap_or(i64::MAX);
        Ok(Verified {
            class: Class::Capability,
            content_id: ticket.content_id,
            subject: admitted.subject,
            token_id: None,
            key_id: Some(ticket.key_id),
            issued_at: Some(Timestamp(issued_at)),
            expires: admitted.expires,
            rights: Some(Rights::Paths(PathScopes { role, scopes: ticket.claims.scopes })),
            limits: admitted.limits,
            certificate: None,
            ancestors: Vec::new(),
            claims: serde_json::Map::new(),
        })
    }
}
