//! What a grant allows: one type of rights per kind of surface.
//!
//! `permits` of each is a pure function of rights and target: no clock, no counters, no I/O, no
//! allocation. It names the rule it matched. Source: credential spec, section 8.

mod paths;
mod realm;
mod role;
mod routes;

use std::fmt;
use std::num::NonZeroU32;

pub use paths::{PathScopes, PathVerb, is_at_or_below};
pub use realm::{Holder, RealmNeed, RealmRights, Roots, WriteLimits};
pub use role::RealmRole;
pub use routes::{RouteScopes, role_scopes};

/// What a grant allows on its surface.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Rights {
    /// On `api` and `rpc`: scopes of routes.
    Routes(RouteScopes),
    /// On `namespace`: a role and the scopes that narrow it.
    Paths(PathScopes),
    /// On `realm`: one realm, and what of it.
    Realm(RealmRights),
}

impl Rights {
    /// Whether some rule limits how often something may be done, so that it has to be counted.
    pub fn has_rates(&self) -> bool {
        match self {
            Self::Paths(paths) => paths.scopes.iter().any(|scope| scope.rate_per_s > 0),
            Self::Routes(_) | Self::Realm(_) => false,
        }
    }
}

/// Something is allowed, and by which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit {
    /// The rule that matched.
    pub rule: RuleId,
    /// How often a second that rule lets something be done; `None` without a limit.
    pub rate: Option<NonZeroU32>,
}

impl Permit {
    /// Allowed by the rule `index` of `kind`, however often.
    pub const fn of(kind: RuleKind, index: u16) -> Self {
        Self { rule: RuleId { kind, index }, rate: None }
    }
}

/// Names one rule of a set of rights: shown `scope[2]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RuleId {
    /// The kind of rule.
    pub kind: RuleKind,
    /// Which one, counted from 0.
    pub index: u16,
}

/// The kinds of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RuleKind {
    /// The role alone.
    Role,
    /// A scope that the rights hold.
    Scope,
    /// A row of the realm's table of who may do what.
    Realm,
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            RuleKind::Role => "role",
            RuleKind::Scope => "scope",
            RuleKind::Realm => "realm",
        };
        write!(f, "{kind}[{}]", self.index)
    }
}
