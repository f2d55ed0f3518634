//! Credentials by themselves: verified and admitted, beside the computation that each cannot do without.

mod capability;
mod jwt;
mod worker_token;

use std::sync::Arc;

use carnet_gate::{Clock, Gate, Grant, RightsMap, VerdictLimits};
use carnet_ticket::rights::{Rights, RouteScopes};
use carnet_ticket::verify::{Class, Facts, Presented, Reason, Surface, Verified, Verify};

use crate::report::{Report, per_second};

const SECRET: &str = "an-operational-secret-of-at-least-32-bytes";

/// Measures every class that carries its own authority.
pub fn run(report: &mut Report) {
    if report.wants("ticket capability") {
        capability::run(report);
    }
    if report.wants("ticket worker") {
        worker_token::run(report);
    }
    if report.wants("ticket jwt") {
        jwt::run(report);
    }
}

/// A gate that takes `class` on `surface` as `verifier` judges it: each time anew, or from memory.
fn gate(class: Class, surface: Surface, verifier: Arc<dyn Verify>, remembers: bool) -> Gate {
    let builder = Gate::builder(Clock::System)
        .verifier(class, verifier)
        .accept(surface, &[class])
        .rights(surface, Arc::new(Viewer));
    let limits = VerdictLimits::default();
    if remembers { builder.remember(class, limits).build() } else { builder.build() }
}

/// How often a second `presented` is admitted, and acts once.
fn admitted(gate: &Gate, presented: &Presented<'_>, surface: Surface, act: impl Fn(&Grant)) -> f64 {
    per_second(|| {
        let grant = gate.admit(presented, &Facts::none(), surface);
        act(&grant.unwrap_or_else(|denied| unreachable!("{denied}")));
    })
}

/// Lets everybody read.
struct Viewer;

impl RightsMap for Viewer {
    fn rights(&self, _: &Verified, _: &Facts) -> Result<Rights, Reason> {
        Ok(Rights::Routes(RouteScopes::of_role("viewer")))
    }
}
