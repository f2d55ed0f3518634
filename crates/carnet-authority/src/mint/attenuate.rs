//! Attenuating capability tickets: a child is never wider than its parent. Source: capability spec, section 12.

use carnet_ticket::capability::{
    BudgetSpec, LimitFault, MountSpec, Role, TicketClaims, TicketError, TicketIssuer, TicketQuotas,
    TicketScope, TicketToken, TicketVerb,
};
use carnet_ticket::rights::is_at_or_below;
use carnet_ticket::verify::{Limits, Profile};

use super::capability::{entry, seconds_left};
use super::{Issue, Minted, Policy};

/// How many tickets a child may have above it.
const DEPTH_MAX: usize = 16;

/// What a child shall have; what is not named, it has from its parent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// The role, which has to be the parent's.
    pub role: Option<Role>,
    /// The subject, which has to be the parent's.
    pub subject: Option<String>,
    /// Scopes; none: the parent's.
    pub scopes: Vec<TicketScope>,
    /// Life in seconds.
    pub ttl_s: Option<u64>,
    /// Ticks.
    pub ticks: Option<u64>,
    /// Operations.
    pub ops: Option<u64>,
    /// What may be moved.
    pub quotas: TicketQuotas,
    /// The mount: the parent's, or an empty one.
    pub mount: Option<MountSpec>,
}

/// Why there is no child: it would be wider than its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttenuateError {
    /// A scope that no scope of the parent covers.
    #[error("a scope lies outside the parent's")]
    Scope,
    /// More operations or ticks than the parent has left.
    #[error("the budget is larger than what the parent has left")]
    Budget,
    /// More of a quota than the parent has left.
    #[error("a quota is larger than what the parent has left")]
    Quota,
    /// It would outlive the parent.
    #[error("the parent ends earlier")]
    Expiry,
    /// Another role.
    #[error("the role is not the parent's")]
    Role,
    /// Another subject.
    #[error("the subject is not the parent's")]
    Subject,
    /// Another mount.
    #[error("the mount is not the parent's")]
    Mount,
    /// The chain of parents is as long as it may be.
    #[error("the chain of tickets is too long")]
    Depth,
    /// It cannot be written.
    #[error(transparent)]
    Ticket(TicketError),
}

/// Mints a child of `parent`, which has `left` to spend and `ancestors` above it.
pub fn attenuate(
    parent: &TicketToken,
    left: &Limits,
    ancestors: usize,
    narrowing: Narrowing,
    issuer: &TicketIssuer,
    policy: &Policy,
    issue: &Issue<'_>,
) -> Result<Minted, AttenuateError> {
    if ancestors >= DEPTH_MAX {
        return Err(AttenuateError::Depth);
    }
    let claims = child(parent.claims(), left, narrowing, policy, issue)?;
    let token = issuer.issue(claims).map_err(AttenuateError::Ticket)?;
    let text = token.encode().map_err(AttenuateError::Ticket)?;
    let mut entry = entry(&token, issue);
    entry.parent_id = Some(parent.content_id());
    Ok(Minted { token: text.into(), entry })
}

fn child(
    parent: &TicketClaims,
    left: &Limits,
    narrowing: Narrowing,
    policy: &Policy,
    issue: &Issue<'_>,
) -> Result<TicketClaims, AttenuateError> {
    if narrowing.role.is_some_and(|role| role != parent.role) {
        return Err(AttenuateError::Role);
    }
    if narrowing.subject.is_some() && narrowing.subject != parent.subject {
        return Err(AttenuateError::Subject);
    }
    let mount = narrowing.mount.unwrap_or_else(|| parent.mounts.clone());
    if !mount.is_empty() && mount != parent.mounts {
        return Err(AttenuateError::Mount);
    }
    let scopes = if narrowing.scopes.is_empty() {
        parent.scopes.clone()
    } else if narrowing.scopes.iter().all(|scope| is_covered(scope, parent, policy)) {
        narrowing.scopes
    } else {
        return Err(AttenuateError::Scope);
    };
    let seconds = seconds_left(parent.expires(), issue.now);
    let budget = BudgetSpec::unbounded()
        .with_ticks(within(narrowing.ticks, left.ticks, AttenuateError::Budget)?)
        .with_ops(within(narrowing.ops, left.ops, AttenuateError::Budget)?)
        .with_ttl(within(narrowing.ttl_s, seconds, AttenuateError::Expiry)?);
    let issued_at_ms = u64::try_from(issue.now.0).unwrap_or(0);
    let claims =
        TicketClaims::new(parent.role, budget, parent.subject.clone(), mount, issued_at_ms)
            .with_scopes(scopes)
            .with_quotas(quotas(&narrowing.quotas, left)?);
    match policy.limits.effective(&claims) {
        Ok(_) => Ok(claims),
        Err(LimitFault::Ttl { .. }) => Err(AttenuateError::Expiry),
        Err(
            LimitFault::ScopeCount { .. }
            | LimitFault::ScopePath { .. }
            | LimitFault::ScopeRate { .. },
        ) => Err(AttenuateError::Scope),
        Err(_) => Err(AttenuateError::Quota),
    }
}

/// What was asked for, or all that is left; `wider` when that is less.
fn within(
    asked: Option<u64>,
    left: Option<u64>,
    wider: AttenuateError,
) -> Result<Option<u64>, AttenuateError> {
    match (asked, left) {
        (Some(asked), Some(left)) if asked > left => Err(wider),
        (asked, left) => Ok(asked.or(left)),
    }
}

fn quotas(asked: &TicketQuotas, left: &Limits) -> Result<TicketQuotas, AttenuateError> {
    let within = |asked, left| within(asked, left, AttenuateError::Quota);
    // A quota of 0 cannot be written: it would read as none, and be the manifest's.
    let within = |asked, left| match within(asked, left)? {
        Some(0) => Err(AttenuateError::Quota),
        granted => Ok(granted),
    };
    let small = |asked: Option<u32>, left: Option<u64>| {
        let granted = within(asked.map(u64::from), left)?;
        Ok(granted.map(|granted| u32::try_from(granted).unwrap_or(u32::MAX)))
    };
    Ok(TicketQuotas {
        bandwidth_bytes: within(asked.bandwidth_bytes, left.bandwidth_bytes)?,
        cursor_resumes: small(asked.cursor_resumes, left.cursor_resumes)?,
        cursor_advances: small(asked.cursor_advances, left.cursor_advances)?,
    })
}

/// Whether some scope of the parent covers path, verb and rate of `scope`; one without scopes covers all.
fn is_covered(scope: &TicketScope, parent: &TicketClaims, policy: &Policy) -> bool {
    // A rate of 0 is the manifest's in strict, and none in compat.
    let unsaid = match policy.limits.max_scope_rate_per_s {
        max if max > 0 && policy.profile == Profile::Strict => max,
        _ => u32::MAX,
    };
    let rate = |scope: &TicketScope| if scope.rate_per_s == 0 { unsaid } else { scope.rate_per_s };
    let covers = |above: &TicketScope| {
        let verb = above.verb == TicketVerb::ReadWrite || above.verb == scope.verb;
        verb && is_at_or_below(&scope.path, &above.path) && rate(scope) <= rate(above)
    };
    parent.scopes.is_empty() || parent.scopes.iter().any(covers)
}
