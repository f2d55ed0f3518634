//! Minting capability tickets. Source: capability spec, section 11.

use carnet_ticket::capability::{
    BudgetSpec, LimitFault, MountSpec, Role, TicketClaims, TicketError, TicketIssuer, TicketQuotas,
    TicketScope, TicketToken, TicketVerb,
};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Class, Profile};

use super::{Issue, Minted, Policy};
use crate::ledger::LedgerEntry;

/// What a capability ticket shall say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapabilityRequest {
    /// The role.
    pub role: Role,
    /// Whom it is for; workers need one.
    pub subject: Option<String>,
    /// The budget; else the role's.
    pub budget: Option<BudgetSpec>,
    /// What is mounted for the session, and where.
    pub mount: MountSpec,
    /// What of the namespace it reaches.
    pub scopes: Vec<TicketScope>,
    /// How much it may move.
    pub quotas: TicketQuotas,
    /// When it counts as issued; else now.
    pub issued_at: Option<Timestamp>,
}

/// Why no ticket was minted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CapabilityMintError {
    /// A worker's ticket without a subject.
    #[error("worker roles require a subject identity")]
    SubjectRequired,
    /// A worker's ticket without an end would be refused at every attach. Strict only.
    #[error("ticket ttl required")]
    TtlRequired,
    /// A mount without a service, or not at an absolute path below `/` without `..`.
    #[error("ticket mount rejected")]
    Mount,
    /// The issue time lies before 1970.
    #[error("ticket issue time is out of range")]
    IssuedAt,
    /// More than the manifest allows.
    #[error(transparent)]
    Limit(LimitFault),
    /// It cannot be written.
    #[error(transparent)]
    Ticket(TicketError),
}

/// Mints what `request` asks for, within `policy`, under the role's key.
pub fn capability(
    request: CapabilityRequest,
    issuer: &TicketIssuer,
    policy: &Policy,
    issue: &Issue<'_>,
) -> Result<Minted, CapabilityMintError> {
    let Policy { limits, profile } = policy;
    let is_worker = request.role != Role::Queen;
    if is_worker && request.subject.as_deref().unwrap_or_default().is_empty() {
        return Err(CapabilityMintError::SubjectRequired);
    }
    let budget = request.budget.unwrap_or_else(|| BudgetSpec::default_of(request.role));
    if is_worker && *profile == Profile::Strict && budget.ttl_s().is_none() {
        return Err(CapabilityMintError::TtlRequired);
    }
    check_mount(&request.mount)?;
    let issued_at = request.issued_at.unwrap_or(issue.now);
    let issued_at_ms = u64::try_from(issued_at.0).map_err(|_| CapabilityMintError::IssuedAt)?;
    let claims =
        TicketClaims::new(request.role, budget, request.subject, request.mount, issued_at_ms)
            .with_scopes(request.scopes)
            .with_quotas(request.quotas);
    limits.effective(&claims).map_err(CapabilityMintError::Limit)?;
    let token = issuer.issue(claims).map_err(CapabilityMintError::Ticket)?;
    let text = token.encode().map_err(CapabilityMintError::Ticket)?;
    if text.len() > limits.max_token_chars {
        return Err(CapabilityMintError::Ticket(TicketError::TooLong(text.len())));
    }
    Ok(Minted { token: text.into(), entry: entry(&token, issue) })
}

/// What the ledger holds of a ticket.
pub(super) fn entry(token: &TicketToken, issue: &Issue<'_>) -> LedgerEntry {
    let claims = token.claims();
    LedgerEntry {
        id: issue.id,
        class: Class::Capability,
        content_id: token.content_id(),
        token_id: None,
        subject: claims.subject.clone().unwrap_or_else(|| claims.role.label().to_owned()),
        audience: None,
        scopes: claims.scopes.iter().map(shown).collect(),
        key_id: token.key_id(),
        parent_id: None,
        tenant_id: issue.tenant_id.map(str::to_owned),
        issued_by: issue.issued_by.to_owned(),
        issued_at: issue.now,
        not_before: None,
        expires_at: claims.expires(),
        request_id: issue.request_id.to_owned(),
    }
}

/// A scope as the command line takes it: `PATH:VERB[:RATE]`.
fn shown(scope: &TicketScope) -> String {
    let verb = match scope.verb {
        TicketVerb::Read => "read",
        TicketVerb::Write => "write",
        TicketVerb::ReadWrite => "read-write",
    };
    match scope.rate_per_s {
        0 => format!("{}:{verb}", scope.path),
        rate => format!("{}:{verb}:{rate}", scope.path),
    }
}

fn check_mount(mount: &MountSpec) -> Result<(), CapabilityMintError> {
    let is_path = mount.at.starts_with('/')
        && !mount.at.trim_matches('/').is_empty()
        && mount.at.split('/').all(|component| component != "..");
    if mount.is_empty() || (is_path && !mount.service.is_empty()) {
        Ok(())
    } else {
        Err(CapabilityMintError::Mount)
    }
}

/// How long a ticket that ends at `end` has at `now`, in whole seconds; `None` for ever.
pub(super) fn seconds_left(end: Expiration, now: Timestamp) -> Option<u64> {
    end.moment().map(|end| u64::try_from(end.0.saturating_sub(now.0)).unwrap_or(0) / 1000)
}
