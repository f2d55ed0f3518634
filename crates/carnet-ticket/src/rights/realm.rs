//! [`RealmRights`]: rights on the content store.

use super::{Permit, RuleKind};
use crate::realm::{NodeKey, RealmId, TicketId};
use crate::verify::Reason;

/// Rights on one realm. Whether a node is reachable from `roots` is a search in the store, which the
/// realm makes; the rest is decided here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RealmRights {
    /// The realm they hold in.
    pub realm: RealmId,
    /// Who holds them.
    pub holder: Holder,
    /// What may be read: these nodes and everything below them.
    pub roots: Roots,
    /// Whether nodes may be written, and which.
    pub write: Option<WriteLimits>,
    /// Whether children may be made of it.
    pub delegable: bool,
}

/// Who holds rights on a realm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A user or a service.
    User,
    /// An agent token or a P-256 client.
    Agent,
    /// A task ticket.
    Ticket(TicketId),
}

/// Where reading may start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// Anywhere in the realm.
    All,
    /// At these nodes.
    Keys(Vec<NodeKey>),
}

/// What may be written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WriteLimits {
    /// The most node bytes in all; none for no limit.
    pub quota: Option<u64>,
    /// The content types accepted, as patterns; empty for all.
    pub accept: Vec<String>,
}

/// What a route of the content store needs: the columns of the table "who may do what" (realm spec,
/// section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RealmNeed {
    /// To read: nodes, the realm's state, a ticket (a ticket only itself).
    Read,
    /// To put nodes.
    Write,
    /// To commit a result: a ticket, and only its own.
    Commit,
    /// To make children of a ticket.
    Delegate,
    /// To make, list and end tickets.
    Manage,
    /// To delete a ticket: users and services only.
    Delete,
}

impl RealmRights {
    /// Whether `need` is met.
    pub fn permits(&self, need: RealmNeed) -> Result<Permit, Reason> {
        let is_ticket = matches!(self.holder, Holder::Ticket(_));
        let allowed = match need {
            RealmNeed::Read => true,
            RealmNeed::Write => self.write.is_some(),
            RealmNeed::Commit => is_ticket,
            RealmNeed::Delegate => !is_ticket || self.delegable,
            RealmNeed::Manage => !is_ticket,
            RealmNeed::Delete => matches!(self.holder, Holder::User),
        };
        if allowed { Ok(Permit::of(RuleKind::Realm, need as u16)) } else { Err(Reason::Scope) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(holder: Holder, write: bool) -> RealmRights {
        let write = write.then(WriteLimits::default);
        RealmRights {
            realm: RealmId::local_admin(),
            holder,
            roots: Roots::All,
            write,
            delegable: false,
        }
    }

    /// Promise: G-25
    #[test]
    fn each_need_is_decided_by_rights_alone_and_names_its_rule() {
        use RealmNeed::{Commit, Delegate, Delete, Manage, Read, Write};
        let ticket = || Holder::Ticket(TicketId::new(crate::time::Timestamp(0), [7; 10]));
        let table = [
            (rights(Holder::User, true), [true, true, false, true, true, true]),
            (rights(Holder::Agent, true), [true, true, false, true, true, false]),
            (rights(ticket(), true), [true, true, true, false, false, false]),
            (rights(ticket(), false), [true, false, true, false, false, false]),
        ];
        for (rights, expected) in table {
            for (need, allowed) in
                [Read, Write, Commit, Delegate, Manage, Delete].into_iter().zip(expected)
            {
                let got = rights.permits(need);
                assert_eq!(got.is_ok(), allowed, "{:?} {need:?}", rights.holder);
                if let Ok(permit) = got {
                    assert_eq!(permit, Permit::of(RuleKind::Realm, need as u16));
                }
            }
        }
    }
}
