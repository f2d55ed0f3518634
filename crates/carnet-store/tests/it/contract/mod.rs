//! What a store promises, whatever is below it. Each test is handed a fresh one.

pub mod api_keys;
pub mod audit;
pub mod ca_certificates;
pub mod certificates;
pub mod children;
pub mod depots;
pub mod enrollments;
pub mod fleet;
pub mod gc;
pub mod identity;
pub mod leases;
pub mod ledger;
pub mod meters;
pub mod nodes;
pub mod revocations;
pub mod sessions;
pub mod signing_keys;
pub mod tasks;
pub mod tickets;
pub mod workers;
pub mod writer;

use carnet_store::{NewTicket, PutNode, Store};
use carnet_ticket::realm::{NodeKey, RealmId, TicketId};
use carnet_ticket::time::Timestamp;

pub const NOW: Timestamp = Timestamp(1_700_000_000_000);

pub fn realm() -> RealmId {
    RealmId::local_admin()
}

pub fn ticket_id(number: u8) -> TicketId {
    TicketId::new(NOW, [number; 10])
}

/// A writable ticket of this number that expires in an hour.
pub fn new_ticket(number: u8) -> NewTicket {
    NewTicket {
        id: ticket_id(number),
        realm: realm(),
        issuer: "user:local".to_owned(),
        purpose: Some("a test".to_owned()),
        input: Some(vec![NodeKey::of(b"input")]),
        writable: true,
        quota: None,
        accept: vec!["image/*".to_owned()],
        created_at: NOW,
        expires_at: Timestamp(NOW.0 + 3_600_000),
        parent: None,
        depth: 0,
        delegable: false,
    }
}

/// A successor with these bytes of data and children, put by nobody in particular.
pub fn node(data: &[u8], children: &[NodeKey]) -> PutNode {
    PutNode {
        realm: realm(),
        key: NodeKey::of(data),
        kind: 2,
        size: data.len() as u64,
        own_bytes: data.len() as u64,
        content_bytes: data.len() as u64,
        children: children.to_vec(),
        content_type: String::new(),
        bytes: Some(data.to_vec().into()),
        by: "user:local".to_owned(),
        ticket: None,
        realm_quota: None,
        reservation: None,
    }
}

pub async fn put(store: &Store, node: PutNode) -> bool {
    store.put_node(node, NOW).await.unwrap().is_new
}
