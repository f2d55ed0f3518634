//! Capability tickets as `POST /api/v1/admin/tickets` mints them. Source: capability spec, section 11.

use carnet_authority::mint::{self, CapabilityMintError, CapabilityRequest, Minted, Policy};
use carnet_ticket::capability::{
    BudgetSpec, MountSpec, Role, TicketQuotas, TicketScope, TicketVerb,
};
use serde::Deserialize;
use serde_json::json;

use super::issue;
use crate::audit::Trail;
use crate::problem::Problem;
use crate::state::App;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    role: String,
    subject: Option<String>,
    budget: Option<Budget>,
    #[serde(default)]
    mount: Mount,
    #[serde(default)]
    scopes: Vec<Scope>,
    #[serde(default)]
    quotas: Quotas,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    ticks: Option<u64>,
    ops: Option<u64>,
    ttl_s: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Mount {
    service: String,
    at: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scope {
    path: String,
    verb: Verb,
    #[serde(default)]
    rate_per_s: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Verb {
    Read,
    Write,
    ReadWrite,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Quotas {
    bandwidth_bytes: Option<u64>,
    cursor_resumes: Option<u32>,
    cursor_advances: Option<u32>,
}

pub(super) fn mint(app: &App, trail: &Trail, input: Input) -> Result<Minted, Problem> {
    let role = Role::parse(&input.role).ok_or(Problem::invalid("BadRole", "role"))?;
    let (issuer, limits) = app.authority().issuer(role).ok_or_else(|| {
        Problem::unavailable().with(json!({ "reason": "NoSecret", "role": role.label() }))
    })?;
    let config = app.config();
    let profile = config.profile.capability.unwrap_or(config.profile.default);
    let issue = issue(trail, None, app.clock().now())?;
    let policy = Policy { limits, profile };
    mint::capability(input.into_request(role), &issuer, &policy, &issue).map_err(problem)
}

impl Input {
    fn into_request(self, role: Role) -> CapabilityRequest {
        let budget = |budget: Budget| {
            let Budget { ticks, ops, ttl_s } = budget;
            BudgetSpec::unbounded().with_ticks(ticks).with_ops(ops).with_ttl(ttl_s)
        };
        CapabilityRequest {
            role,
            subject: self.subject,
            budget: self.budget.map(budget),
            mount: MountSpec { service: self.mount.service, at: self.mount.at },
            scopes: self.scopes.into_iter().map(Scope::into_scope).collect(),
            quotas: TicketQuotas {
                bandwidth_bytes: self.quotas.bandwidth_bytes,
                cursor_resumes: self.quotas.cursor_resumes,
                cursor_advances: self.quotas.cursor_advances,
            },
            issued_at: None,
        }
    }
}

impl Scope {
    fn into_scope(self) -> TicketScope {
        let verb = match self.verb {
            Verb::Read => TicketVerb::Read,
            Verb::Write => TicketVerb::Write,
            Verb::ReadWrite => TicketVerb::ReadWrite,
        };
        TicketScope::new(self.path, verb, self.rate_per_s)
    }
}

/// The text of what is wrong is the caller's to read: it asked for it.
fn problem(error: CapabilityMintError) -> Problem {
    let field = match error {
        CapabilityMintError::SubjectRequired => "subject",
        CapabilityMintError::TtlRequired => "budget",
        CapabilityMintError::Mount => "mount",
        CapabilityMintError::Limit(_) => "limits",
        _ => "ticket",
    };
    Problem::invalid("NotMinted", field).saying(error.to_string())
}
