//! Each kind of revocation, for every class.

use std::sync::Arc;

use carnet_gate::{Clock, Delta, Entry, Gate, Grant, Selector};
use carnet_ticket::id::{KeyId, UniqueId};
use carnet_ticket::realm::{self, TicketId};
use carnet_ticket::verify::{
    Class, Ended, Facts, Presented, Reason, RevocationKind, Surface, Verified, Verify,
};

use crate::support::{START, Viewer, facts};

const CERTIFICATE: &str = "0badc0de";

/// Believes whatever the row says, and that the credential has every id that a revocation can name: those of its
/// number, which the row's subject ends with.
struct Told(Class);

impl Verify for Told {
    fn verify(
        &self,
        _: &Presented<'_>,
        facts: &Facts,
        now: carnet_ticket::time::Timestamp,
    ) -> Result<Verified, Reason> {
        let row = facts.row.as_ref().ok_or(Reason::Unknown)?;
        let number = row.subject.bytes().last().unwrap_or_default();
        Ok(Verified {
            token_id: Some(format!("token-{number}")),
            key_id: Some(KeyId([number; 8])),
            certificate: Some(format!("{number:02x}{CERTIFICATE}")),
            ..Verified::of_row(self.0, row, facts, now)?
        })
    }
}

fn gate(class: Class) -> Gate {
    let (clock, _) = Clock::manual(START);
    Gate::builder(clock)
        .verifier(class, Arc::new(Told(class)))
        .accept(Surface::Api, &[class])
        .rights(Surface::Api, Arc::new(Viewer))
        .build()
}

fn ticket(number: u8) -> TicketId {
    TicketId::new(START, [number; 10])
}

fn admit(gate: &Gate, class: Class, number: u8) -> Result<Grant, Reason> {
    let mut facts = facts(gate, realm::content_id(&ticket(number)));
    facts.row.as_mut().unwrap().subject = format!("subject-{}", char::from(number));
    let presented = Presented::of(class, "credential");
    gate.admit(&presented, &facts, Surface::Api).map_err(|denied| denied.reason)
}

/// What each kind says to end number 'a'.
fn selector(kind: RevocationKind) -> Selector {
    let number = b'a';
    match kind {
        RevocationKind::TokenId => {
            Selector::TokenId { token_id: format!("token-{number}"), worker_id: None }
        }
        RevocationKind::ContentId => {
            let content: UniqueId = realm::content_id(&ticket(number));
            Selector::ContentId(content)
        }
        RevocationKind::RealmTicket => Selector::RealmTicket(ticket(number)),
        RevocationKind::Subject => {
            Selector::Subject { subject: "subject-a".to_owned(), issued_before: START }
        }
        RevocationKind::Key => Selector::Key(KeyId([number; 8])),
        RevocationKind::Certificate => Selector::Certificate(format!("{number:02x}{CERTIFICATE}")),
    }
}

/// Promise: G-5
#[test]
fn each_kind_ends_exactly_what_it_names_of_every_class_and_lets_no_more_in() {
    for class in Class::ALL {
        for kind in RevocationKind::ALL {
            let gate = gate(class);
            let (named, other) = (admit(&gate, class, b'a').unwrap(), admit(&gate, class, b'b'));
            let other = other.unwrap();
            let entry = Entry { seq: 1, selector: selector(kind), at: START, exp: None };
            assert_eq!(gate.apply(&Delta::one(entry)).unwrap().ended, 1, "{class} {kind}");
            assert_eq!(named.is_ended(), Some(Ended::Revoked(kind)));
            assert_eq!(other.is_ended(), None, "{class} {kind}: others live on");
            assert_eq!(admit(&gate, class, b'a').unwrap_err(), Reason::Revoked(kind));
            assert!(admit(&gate, class, b'b').is_ok());
        }
    }
}
