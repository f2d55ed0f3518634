//! [`PathScopes`]: rights on the operator namespace.

use std::num::NonZeroU32;

use super::{Permit, RuleKind};
use crate::capability::{Role, TicketScope, TicketVerb};
use crate::verify::Reason;

/// Rights on the namespace: a role, and the scopes that narrow it. What the role itself may touch is the
/// namespace's matter; a scope never widens it. Source: capability spec, section 10.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathScopes {
    /// The role.
    pub role: Role,
    /// The scopes; none leaves everything to the role.
    pub scopes: Vec<TicketScope>,
}

/// What is done at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathVerb {
    /// Passing through.
    Walk,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Opening for both.
    ReadWrite,
}

impl PathScopes {
    /// Whether `verb` is allowed at `path`, by the longest scope that covers it and allows the verb; the first
    /// of equals. Paths are compared by component, case-sensitively.
    pub fn permits(&self, verb: PathVerb, path: &str) -> Result<Permit, Reason> {
        if self.scopes.is_empty() {
            return Ok(Permit::of(RuleKind::Role, 0));
        }
        let mut best: Option<(usize, Permit)> = None;
        for (index, scope) in (0_u16..).zip(&self.scopes) {
            let depth = components(&scope.path).count();
            let is_longer = best.is_none_or(|(best, _)| depth > best);
            if is_longer && matches(scope, verb, path) {
                let rate = NonZeroU32::new(scope.rate_per_s);
                best = Some((depth, Permit { rate, ..Permit::of(RuleKind::Scope, index) }));
            }
        }
        best.map(|(_, permit)| permit).ok_or(Reason::Scope)
    }
}

fn matches(scope: &TicketScope, verb: PathVerb, path: &str) -> bool {
    let covers = is_at_or_below(path, &scope.path);
    match verb {
        // Whatever leads to a scope may be passed through.
        PathVerb::Walk => covers || is_at_or_below(&scope.path, path),
        PathVerb::Read => covers && scope.verb != TicketVerb::Write,
        PathVerb::Write => covers && scope.verb != TicketVerb::Read,
        PathVerb::ReadWrite => covers && scope.verb == TicketVerb::ReadWrite,
    }
}

/// Whether `path` is `top` or lies below it: by component, whatever slashes are at the ends.
pub fn is_at_or_below(path: &str, top: &str) -> bool {
    let mut path = components(path);
    components(top).all(|component| path.next() == Some(component))
}

fn components(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|component| !component.is_empty())
}
