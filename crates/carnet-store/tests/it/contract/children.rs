//! Children of task tickets.

use carnet_store::{
    CommitError, InsertChildError, NewTicket, PutError, PutNode, Quota, Store, TicketEnd,
};
use carnet_ticket::realm::NodeKey;
use carnet_ticket::time::Timestamp;

use super::{NOW, new_ticket, node, put, realm, ticket_id};

/// Tickets 1 to `count`, each the parent of the next.
async fn chain(store: &Store, count: u8, quota: Option<u64>) {
    store.insert_ticket(NewTicket { quota, ..new_ticket(1) }).await.unwrap();
    for number in 2..=count {
        store.insert_child(below(number), NOW).await.unwrap();
    }
}

/// The ticket of this number in a chain.
fn below(number: u8) -> NewTicket {
    let parent = Some(ticket_id(number - 1));
    NewTicket { parent, depth: u32::from(number - 1), delegable: true, ..new_ticket(number) }
}

fn under(number: u8, data: &[u8]) -> PutNode {
    PutNode { ticket: Some(ticket_id(number)), ..node(data, &[]) }
}

pub async fn a_child_reads_back_with_everything_above_it(store: Store) {
    chain(&store, 4, Some(9)).await;
    let row = store.ticket(&ticket_id(4)).await.unwrap().unwrap();
    assert_eq!(row.ticket, below(4));
    let above: Vec<_> = row.ancestors.iter().map(|above| above.id).collect();
    assert_eq!(above, [ticket_id(3), ticket_id(2), ticket_id(1)]);
    assert_eq!((row.quota_left(), row.ancestors[2].quota), (Some(9), Some(9)));
    assert!(row.is_live_at(NOW) && row.may_write());
    let listed = store.list_tickets(&realm(), None, None, 10).await.unwrap();
    assert_eq!(listed[0], row);
    assert!(listed[3].ancestors.is_empty());
}

pub async fn a_child_ends_with_what_is_above_it_and_its_row_stays(store: Store) {
    chain(&store, 3, None).await;
    put(&store, node(b"out", &[])).await;
    let out = NodeKey::of(b"out");
    store.commit_ticket(ticket_id(2), out, NOW).await.unwrap();
    let row = store.ticket(&ticket_id(3)).await.unwrap().unwrap();
    assert!(row.is_live_at(NOW) && !row.may_write());
    for refused in [
        store.put_node(under(3, b"x"), NOW).await.map(drop),
        store.commit_ticket(ticket_id(3), out, NOW).await.map_err(|error| match error {
            CommitError::Ticket(end) => PutError::Ticket(end),
            error => panic!("{error}"),
        }),
    ] {
        assert!(matches!(refused, Err(PutError::Ticket(TicketEnd::ReadOnly))), "{refused:?}");
    }

    store.revoke_ticket(ticket_id(1), NOW).await.unwrap();
    for number in [2, 3] {
        let row = store.ticket(&ticket_id(number)).await.unwrap().unwrap();
        assert!(!row.is_live_at(NOW) && row.revoked_at.is_none());
        let refused = store.put_node(under(number, b"x"), NOW).await.unwrap_err();
        assert!(matches!(refused, PutError::Ticket(TicketEnd::Parent)));
        let refused = store.insert_child(below(number + 1), NOW).await.unwrap_err();
        assert!(matches!(refused, InsertChildError::Parent(TicketEnd::Parent)));
    }
    store.delete_ticket(realm(), ticket_id(1), NOW).await.unwrap();
    let row = store.ticket(&ticket_id(2)).await.unwrap().unwrap();
    assert!(!row.is_live_at(NOW) && row.ancestors.is_empty());
    let refused = store.insert_child(below(2), NOW).await.unwrap_err();
    assert!(matches!(refused, InsertChildError::Parent(TicketEnd::Unknown)));
    let late = Timestamp(new_ticket(1).expires_at.0 + 1);
    store.insert_ticket(new_ticket(8)).await.unwrap();
    let refused = store.insert_child(below(9), late).await.unwrap_err();
    assert!(matches!(refused, InsertChildError::Parent(TicketEnd::Expired)));
}

pub async fn bytes_count_once_under_every_ticket_of_the_chain(store: Store) {
    chain(&store, 3, Some(100)).await;
    let sibling = NewTicket { parent: Some(ticket_id(1)), depth: 1, ..below(5) };
    store.insert_child(sibling, NOW).await.unwrap();
    put(&store, under(3, &[1; 40])).await;
    for number in [5, 1, 2, 3] {
        put(&store, under(number, &[1; 40])).await;
    }
    put(&store, under(2, &[2; 30])).await;
    for (number, used) in [(1, 70), (2, 70), (3, 40)] {
        assert_eq!(store.ticket(&ticket_id(number)).await.unwrap().unwrap().used, used);
    }
    let own = [NodeKey::of(&[1; 40]), NodeKey::of(&[2; 30])];
    assert_eq!(store.uploaded(&ticket_id(1), &own).await.unwrap().len(), 2);
    assert_eq!(store.uploaded(&ticket_id(3), &own).await.unwrap().len(), 1);
    let refused = store.put_node(under(3, &[3; 31]), NOW).await.unwrap_err();
    assert!(matches!(refused, PutError::Quota(Quota { limit: 100, used: 70, requested: 31 })));
    put(&store, under(3, &[3; 30])).await;
}

pub async fn what_one_child_sets_aside_is_not_there_for_another(store: Store) {
    chain(&store, 3, Some(100)).await;
    let deadline = Timestamp(NOW.0 + 1000);
    let large = under(3, &[1; 60]);
    store.reserve("a".to_owned(), large.clone(), deadline, NOW).await.unwrap();
    let refused = store.put_node(under(2, &[2; 50]), NOW).await.unwrap_err();
    assert!(matches!(refused, PutError::Quota(Quota { limit: 100, used: 60, requested: 50 })));
    // The same node is set aside once, whoever stores it.
    let again = PutNode { ticket: Some(ticket_id(2)), ..large.clone() };
    store.reserve("b".to_owned(), again.clone(), deadline, NOW).await.unwrap();
    put(&store, under(2, &[3; 40])).await;
    put(&store, PutNode { reservation: Some("a".to_owned()), ..large }).await;
    put(&store, PutNode { reservation: Some("b".to_owned()), ..again }).await;
    assert_eq!(store.ticket(&ticket_id(1)).await.unwrap().unwrap().used, 100);
    assert_eq!(store.sweep_reservations(deadline).await.unwrap(), 0, "nothing is left of them");
}

pub async fn the_results_below_a_ticket_are_those_of_all_that_rest_on_it(store: Store) {
    chain(&store, 3, None).await;
    let outputs: Vec<_> = (0..2_u8).map(|at| node(&[at], &[])).collect();
    for (number, output) in (2..).zip(outputs.iter().rev()) {
        put(&store, output.clone()).await;
        store.commit_ticket(ticket_id(5 - number), output.key, NOW).await.unwrap();
    }
    let keys = |keys: Vec<NodeKey>| keys.into_iter().collect::<std::collections::BTreeSet<_>>();
    let both = keys(outputs.iter().map(|output| output.key).collect());
    assert_eq!(keys(store.outputs_below(&ticket_id(1)).await.unwrap()), both);
    assert_eq!(store.outputs_below(&ticket_id(2)).await.unwrap(), [outputs[1].key]);
    assert!(store.outputs_below(&ticket_id(3)).await.unwrap().is_empty());
    store.delete_ticket(realm(), ticket_id(2), NOW).await.unwrap();
    assert!(store.outputs_below(&ticket_id(1)).await.unwrap().is_empty());
}
