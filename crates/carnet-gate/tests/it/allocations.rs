//! What happens at every action allocates nothing.

use std::alloc::System;

use carnet_gate::Cost;
use carnet_ticket::capability::{Role, TicketScope, TicketVerb};
use carnet_ticket::id::UniqueId;
use carnet_ticket::realm::RealmId;
use carnet_ticket::rights::{
    Holder, PathScopes, PathVerb, RealmNeed, RealmRights, Roots, RouteScopes,
};
use carnet_ticket::verify::{Class, Limits, Surface};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use crate::support::{facts, gate, presented};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Promise: C-45, G-22
#[test]
fn permits_and_charge_allocate_nothing() {
    let (gate, _) = gate();
    let mut facts = facts(&gate, UniqueId::from_u8(1));
    let generous = Some(u64::MAX);
    facts.row.as_mut().unwrap().limits =
        Limits { ops: generous, bandwidth_bytes: generous, ..Limits::none() };
    let grant = gate.admit(&presented(Class::Realm), &facts, Surface::Api).unwrap();
    let scopes = RouteScopes::of_role("admin");
    let holder = Holder::User;
    let rights = RealmRights {
        realm: RealmId::local_admin(),
        holder,
        roots: Roots::All,
        write: None,
        delegable: false,
    };
    let paths = PathScopes {
        role: Role::Queen,
        scopes: vec![TicketScope::new("/proc", TicketVerb::Read, 0); 16],
    };
    let act = || {
        assert!(paths.permits(PathVerb::Read, "/proc/boot").is_ok());
        assert!(paths.permits(PathVerb::Write, "/proc/boot").is_err());
        assert!(scopes.permits("admin:*").is_ok() && scopes.permits("nothing").is_err());
        assert!(
            rights.permits(RealmNeed::Read).is_ok() && rights.permits(RealmNeed::Write).is_err()
        );
        let charged = std::pin::pin!(grant.charge(Cost::op().bytes(10)));
        assert!(futures::FutureExt::now_or_never(charged).unwrap().is_ok());
    };
    act();
    // The harness has a thread of its own that allocates now and then, so the quietest of some rounds counts:
    // an action that allocated would show in each.
    let quietest = (0..5).map(|_| {
        let region = Region::new(ALLOCATOR);
        (0..10_000).for_each(|_| act());
        let change = region.change();
        change.allocations + change.reallocations
    });
    assert_eq!(quietest.min(), Some(0));
}
