//! Admitting a capability ticket: against keys, the bearer, time and the manifest's limits. Source: capability
//! spec, section 9.

use std::collections::HashMap;
use std::time::Duration;

use super::{
    LimitFault, Role, TicketClaims, TicketError, TicketKey, TicketLimits, TicketScope, TicketToken,
};
use crate::id::{KeyId, UniqueId};
use crate::rights::{PathScopes, Rights};
use crate::time::{Expiration, Timestamp};
use crate::verify::{Class, Facts, Limits, Presented, Profile, Reason, Verified, Verify};

/// How far ahead an issue time may be: clocks may differ by as much.
const SKEW: Duration = Duration::from_secs(30);

/// The keys of each role: the active one first, then previous ones.
pub type RoleKeys = HashMap<Role, Vec<TicketKey>>;

/// Somebody who wants to attach.
#[derive(Debug, Clone, Copy)]
pub struct AttachRequest<'a> {
    /// The role asked for.
    pub role: Role,
    /// Who it says it is.
    pub identity: Option<&'a str>,
    /// Its ticket; blanks around it do not count, and nothing but blanks is none.
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
    /// By role, in the order of [`Role::ALL`].
    keys: [Option<Vec<TicketKey>>; Role::ALL.len()],
    limits: TicketLimits,
    profile: Profile,
}

impl Capability {
    /// A judge with these keys and limits.
    pub fn new(mut keys: RoleKeys, limits: TicketLimits, profile: Profile) -> Self {
        Self { keys: Role::ALL.map(|role| keys.remove(&role)), limits, profile }
    }

    /// Whether somebody may attach at `now`, and as what.
    pub fn admit(
        &self,
        request: &AttachRequest<'_>,
        now: Timestamp,
    ) -> Result<Admitted, CapabilityError> {
        let is_worker = request.role != Role::Queen;
        let token = request.token.map(str::trim_ascii).filter(|token| !token.is_empty());
        let Some(token) = token else {
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
        let keys = self.keys[request.role as usize].as_deref().ok_or(CapabilityError::NoKey)?;
        let ticket =
            TicketToken::decode_any(token, keys, self.profile).map_err(CapabilityError::Ticket)?;
        let claims = ticket.claims();
        Self::check_bearer(claims, request, is_worker)?;
        self.check_time(claims, is_worker, now)?;
        let limits = self.limits.effective(claims).map_err(CapabilityError::Limit)?;
        let (content_id, key_id) = (ticket.content_id(), ticket.key_id());
        let claims = ticket.into_claims();
        Ok(Admitted {
            role: claims.role,
            subject: claims.subject.clone().or_else(|| request.identity.map(str::to_owned)),
            expires: claims.expires(),
            limits,
            ticket: Some(AdmittedTicket { content_id, key_id, claims }),
        })
    }

    /// The scopes with the rates that count: in strict a scope that names none has the manifest's.
    fn rated(&self, mut scopes: Vec<TicketScope>) -> Vec<TicketScope> {
        if self.profile == Profile::Strict {
            for scope in scopes.iter_mut().filter(|scope| scope.rate_per_s == 0) {
                scope.rate_per_s = self.limits.max_scope_rate_per_s;
            }
        }
        scopes
    }

    fn check_bearer(
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

impl Verify for Capability {
    /// The bearer's role says which keys count; without one, nobody gets in.
    fn verify(
        &self,
        presented: &Presented<'_>,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Verified, Reason> {
        let role = presented.bearer.role.and_then(Role::parse).ok_or(Reason::Role)?;
        let token = presented.as_text().ok_or(Reason::Malformed)?;
        let request =
            AttachRequest { role, identity: presented.bearer.subject, token: Some(token) };
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
            rights: Some(Rights::Paths(PathScopes {
                role,
                scopes: self.rated(ticket.claims.scopes),
            })),
            limits: admitted.limits,
            certificate: None,
            ancestors: facts.ancestors.clone(),
            claims: serde_json::Map::new(),
        })
    }
}
