//! [`RouteScopes`]: rights on the HTTP control plane and on RPC.

use wildmatch::WildMatch;

use super::{Permit, RuleKind};
use crate::verify::Reason;

/// Rights on `api` and `rpc`: a role's name and the scopes it holds. Scopes match exactly: `read:*` is a
/// name, not a pattern (control plane spec, section 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteScopes {
    /// The role: `viewer`, `api`, `operator`, `tenant_admin`, `admin`, `issuer`; empty for none.
    pub role: String,
    /// The scopes held.
    pub scopes: Vec<&'static str>,
    /// The tenant it is bound to.
    pub tenant: Option<String>,
    /// The worker that holds it.
    pub worker: Option<String>,
    /// The workers that an issuer may mint for: globs of `*` and `?`.
    pub mint_for: Vec<String>,
}

impl RouteScopes {
    /// The scopes that `role` holds, for no tenant.
    pub fn of_role(role: &str) -> Self {
        let scopes = role_scopes(role).to_vec();
        Self { role: role.to_owned(), scopes, tenant: None, worker: None, mint_for: Vec::new() }
    }

    /// What an agent of whoever holds these has: a program's, and no more than its owner's.
    #[must_use]
    pub fn of_agent(&self) -> Self {
        let role = ["api", "viewer"]
            .into_iter()
            .find(|role| role_scopes(role).iter().all(|scope| self.scopes.contains(scope)));
        Self { tenant: self.tenant.clone(), ..Self::of_role(role.unwrap_or_default()) }
    }

    /// Whether `scope` is held.
    pub fn permits(&self, scope: &str) -> Result<Permit, Reason> {
        let index = self.scopes.iter().position(|held| *held == scope).ok_or(Reason::Role)?;
        Ok(Permit::of(RuleKind::Scope, u16::try_from(index).unwrap_or(u16::MAX)))
    }

    /// Whether tokens for `worker` may be minted: by an admin, or by an issuer for the workers that it is for.
    pub fn permits_mint(&self, worker: &str) -> Result<Permit, Reason> {
        self.permits("admin:*").or_else(|_| {
            let permit = self.permits("worker:mint")?;
            let is_for = |glob: &String| WildMatch::new(glob).matches(worker);
            if self.mint_for.iter().any(is_for) { Ok(permit) } else { Err(Reason::Scope) }
        })
    }

    /// Whether `scope` is held, by the very worker that a route names.
    pub fn permits_worker(&self, scope: &str, worker: &str) -> Result<Permit, Reason> {
        let permit = self.permits(scope)?;
        if self.worker.as_deref() == Some(worker) { Ok(permit) } else { Err(Reason::Scope) }
    }
}

/// The scopes of each role; none for a role that does not exist.
pub fn role_scopes(role: &str) -> &'static [&'static str] {
    match role {
        "viewer" => &["read:*"],
        "api" => &["api:*", "read:*"],
        "operator" => &["api:*", "operator:*", "read:*"],
        "tenant_admin" => &["api:*", "operator:*", "read:*", "tenant:admin"],
        "admin" => &["admin:*", "api:*", "operator:*", "read:*", "tenant:admin"],
        "issuer" => &["worker:mint"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_names_and_roles_hold_exactly_theirs() {
        let api = RouteScopes::of_role("api");
        assert!(api.permits("read:*").is_ok());
        assert_eq!(api.permits("read:nodes"), Err(Reason::Role));
        assert_eq!(api.permits("admin:*"), Err(Reason::Role));
        assert_eq!(RouteScopes::of_role("root").permits("read:*"), Err(Reason::Role));
        assert_eq!(api.permits("read:*").unwrap().rule.to_string(), "scope[1]");
    }

    /// Promise: R-46
    #[test]
    fn an_agent_has_no_more_than_a_program_and_no_more_than_its_owner() {
        let agent = |role: &str| RouteScopes::of_role(role).of_agent().role;
        assert_eq!(["admin", "operator", "api"].map(agent), ["api"; 3]);
        assert_eq!(["viewer", "issuer", ""].map(agent), ["viewer", "", ""]);
    }

    #[test]
    fn an_issuer_mints_for_the_workers_of_its_globs_and_an_admin_for_all() {
        let issuer = RouteScopes {
            mint_for: vec!["gpu-*".to_owned(), "edge-?".to_owned()],
            ..RouteScopes::of_role("issuer")
        };
        for (worker, is_for) in
            [("gpu-1", true), ("edge-7", true), ("edge-10", false), ("GPU-1", false), ("", false)]
        {
            assert_eq!(issuer.permits_mint(worker).is_ok(), is_for, "{worker}");
        }
        assert!(RouteScopes::of_role("admin").permits_mint("any").is_ok());
        assert_eq!(RouteScopes::of_role("operator").permits_mint("gpu-1"), Err(Reason::Role));
        assert_eq!(RouteScopes::of_role("issuer").permits_mint("gpu-1"), Err(Reason::Scope));
    }

    #[test]
    fn a_route_that_names_a_worker_is_for_that_worker_alone() {
        let of = |worker: Option<&str>| RouteScopes {
            worker: worker.map(str::to_owned),
            ..RouteScopes::of_role("api")
        };
        assert!(of(Some("a")).permits_worker("api:*", "a").is_ok());
        assert_eq!(of(Some("a")).permits_worker("api:*", "A"), Err(Reason::Scope));
        assert_eq!(of(Some("a")).permits_worker("admin:*", "a"), Err(Reason::Role));
        assert_eq!(of(None).permits_worker("api:*", "a"), Err(Reason::Scope));
    }
}
