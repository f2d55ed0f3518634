//! Nodes, quotas, reservations.

use carnet_store::{PutError, PutNode, Quota, Store, TicketEnd};
use carnet_ticket::realm::{NodeKey, RealmId};
use carnet_ticket::time::Timestamp;

use super::{NOW, new_ticket, node, put, realm, ticket_id};

pub async fn a_node_reads_back_only_in_a_realm_that_has_it(store: Store) {
    let leaf = node(b"leaf", &[]);
    let parent =
        PutNode { kind: 3, content_type: "text/plain".to_owned(), ..node(b"parent", &[leaf.key]) };
    assert!(put(&store, leaf.clone()).await);
    assert!(!put(&store, leaf.clone()).await, "the same again is nothing new");
    assert!(put(&store, parent.clone()).await);

    let row = store.node(&realm(), parent.key).await.unwrap().unwrap();
    assert_eq!(
        (row.kind, row.size, &row.content_type[..], row.is_bad),
        (3, 6, "text/plain", false)
    );
    assert_eq!((row.children, row.bytes.as_deref()), (vec![leaf.key], Some(&b"parent"[..])));

    let other = RealmId::tenant("blue");
    assert!(store.node(&other, leaf.key).await.unwrap().is_none());
    assert!(store.node_facts(&other, &[leaf.key]).await.unwrap().is_empty());
    assert_eq!(store.node_facts(&realm(), &[leaf.key, NodeKey::of(b"x")]).await.unwrap().len(), 1);
    let nodes = [parent.key, leaf.key, NodeKey::of(b"x")];
    let known = [Some(vec![leaf.key]), Some(vec![]), None];
    let children = store.children_of(&realm(), nodes.to_vec()).await.unwrap();
    assert_eq!(children, nodes.into_iter().zip(known).collect::<Vec<_>>());
    let children = store.children_of(&other, vec![parent.key]).await.unwrap();
    assert_eq!(children, [(parent.key, None)], "another realm does not have it");

    let elsewhere = PutNode { realm: other, ..leaf };
    assert!(put(&store, elsewhere).await, "new to that realm");
    let usage = store.usage(&other).await.unwrap();
    assert_eq!((usage.physical, usage.logical, usage.nodes), (4, 4, 1));
}

pub async fn missing_children_are_named_in_order_and_nothing_is_stored(store: Store) {
    let known = node(b"known", &[]);
    put(&store, known.clone()).await;
    let (a, b) = (NodeKey::of(b"a"), NodeKey::of(b"b"));
    let parent = node(b"parent", &[b, known.key, a, NodeKey::EMPTY_DICT, b]);
    let refused = store.put_node(parent.clone(), NOW).await.unwrap_err();
    assert!(matches!(refused, PutError::MissingChildren(missing) if missing == [b, a]));
    assert!(store.node(&realm(), parent.key).await.unwrap().is_none());
    assert_eq!(store.usage(&realm()).await.unwrap().nodes, 1);
}

pub async fn concurrent_uploads_never_pass_a_tickets_quota_by_a_byte(store: Store) {
    let ticket = carnet_store::NewTicket { quota: Some(1000), ..new_ticket(1) };
    store.insert_ticket(ticket).await.unwrap();
    let under = |data: Vec<u8>| PutNode { ticket: Some(ticket_id(1)), ..node(&data, &[]) };
    let tasks: Vec<_> = (0..64_u8)
        .map(|at| {
            let (store, node) = (store.clone(), under(vec![at; 30 + usize::from(at % 7)]));
            tokio::spawn(async move { (node.size, store.put_node(node, NOW).await) })
        })
        .collect();
    let (mut stored, mut refused) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            (size, Ok(_)) => stored += size,
            (size, Err(PutError::Quota(Quota { limit, used, requested }))) => {
                assert!(limit == 1000 && requested == size && used + size > limit);
                refused += 1;
            }
            (_, Err(error)) => panic!("{error}"),
        }
    }
    assert!(stored <= 1000 && refused > 0);
    assert_eq!(store.ticket(&ticket_id(1)).await.unwrap().unwrap().used, stored);
    assert_eq!(
        store.usage(&realm()).await.unwrap().physical,
        stored,
        "what was refused costs nothing"
    );
}

pub async fn a_key_counts_once_per_ticket_also_when_the_realm_had_it(store: Store) {
    put(&store, node(&[7; 90], &[])).await;
    store
        .insert_ticket(carnet_store::NewTicket { quota: Some(100), ..new_ticket(1) })
        .await
        .unwrap();
    let under = |data: &[u8]| PutNode { ticket: Some(ticket_id(1)), ..node(data, &[]) };
    for _ in 0..3 {
        assert!(!put(&store, under(&[7; 90])).await);
    }
    let refused = store.put_node(under(&[8; 20]), NOW).await.unwrap_err();
    assert!(matches!(refused, PutError::Quota(Quota { limit: 100, used: 90, requested: 20 })));
    let uploaded = store
        .uploaded(&ticket_id(1), &[NodeKey::of(&[7; 90]), NodeKey::of(&[8; 20])])
        .await
        .unwrap();
    assert_eq!(uploaded.into_iter().collect::<Vec<_>>(), [NodeKey::of(&[7; 90])]);
}

pub async fn a_realms_quota_holds_over_what_it_has_and_what_is_reserved(store: Store) {
    let bounded = |data: &[u8]| PutNode { realm_quota: Some(100), ..node(data, &[]) };
    put(&store, bounded(&[1; 40])).await;
    let deadline = Timestamp(NOW.0 + 1000);
    store.reserve("r1".to_owned(), bounded(&[2; 50]), deadline, NOW).await.unwrap();
    let over = store.put_node(bounded(&[3; 20]), NOW).await.unwrap_err();
    assert!(matches!(over, PutError::Quota(Quota { limit: 100, used: 90, requested: 20 })));
    assert!(store.reserve("r2".to_owned(), bounded(&[3; 20]), deadline, NOW).await.is_err());

    store
        .put_node(PutNode { reservation: Some("r1".to_owned()), ..bounded(&[2; 50]) }, NOW)
        .await
        .unwrap();
    store.reserve("r3".to_owned(), bounded(&[2; 50]), deadline, NOW).await.unwrap();
    assert!(put(&store, bounded(&[4; 10])).await, "what is there already takes no room");
    assert_eq!(store.usage(&realm()).await.unwrap().physical, 100);
}

pub async fn reservations_end_when_they_are_released_or_their_time_is_over(store: Store) {
    let bounded = |data: &[u8]| PutNode { realm_quota: Some(100), ..node(data, &[]) };
    let deadline = Timestamp(NOW.0 + 1000);
    store.reserve("released".to_owned(), bounded(&[1; 90]), deadline, NOW).await.unwrap();
    store.release("released".to_owned()).await.unwrap();
    store.reserve("forgotten".to_owned(), bounded(&[2; 90]), deadline, NOW).await.unwrap();
    assert!(store.put_node(bounded(&[3; 90]), NOW).await.is_err());
    assert!(store.put_node(bounded(&[3; 90]), deadline).await.is_ok(), "its time is over");
    assert_eq!(store.sweep_reservations(deadline).await.unwrap(), 1);
    assert_eq!(store.sweep_reservations(deadline).await.unwrap(), 0);
}

pub async fn a_ticket_that_has_ended_stores_nothing(store: Store) {
    let under = |number| PutNode { ticket: Some(ticket_id(number)), ..node(b"data", &[]) };
    for number in 1..=4 {
        store.insert_ticket(new_ticket(number)).await.unwrap();
    }
    store.revoke_ticket(ticket_id(1), NOW).await.unwrap();
    put(&store, node(b"out", &[])).await;
    store.commit_ticket(ticket_id(2), NodeKey::of(b"out"), NOW).await.unwrap();
    store
        .insert_ticket(carnet_store::NewTicket { writable: false, ..new_ticket(5) })
        .await
        .unwrap();
    let service = carnet_store::NewTicket {
        issuer: "key:01HQXK5V8N3Y7M2P4R6T9W0ABC".to_owned(),
        ..new_ticket(6)
    };
    store.insert_ticket(service).await.unwrap();

    let after_end = Timestamp(new_ticket(3).expires_at.0 + 1);
    let table = [
        (1, NOW, TicketEnd::Revoked),
        (2, NOW, TicketEnd::Committed(NodeKey::of(b"out"))),
        (3, after_end, TicketEnd::Expired),
        (5, NOW, TicketEnd::ReadOnly),
        (6, NOW, TicketEnd::Issuer),
        (7, NOW, TicketEnd::Unknown),
    ];
    for (number, now, end) in table {
        let refused = store.put_node(under(number), now).await.unwrap_err();
        assert!(matches!(refused, PutError::Ticket(found) if found == end), "{number}");
    }
    assert!(
        store.put_node(under(4), new_ticket(4).expires_at).await.is_ok(),
        "the last moment counts"
    );
}

pub async fn a_damaged_node_is_repaired_by_its_next_upload(store: Store) {
    let good = node(b"good", &[]);
    put(&store, good.clone()).await;
    store.mark_bad(good.key, true).await.unwrap();
    assert!(store.node(&realm(), good.key).await.unwrap().unwrap().is_bad);
    let touch = async || store.touch(&realm(), vec![good.key], NOW).await.unwrap().len();
    assert_eq!(touch().await, 0, "it has to be stored again");
    assert!(!put(&store, good.clone()).await);
    let row = store.node(&realm(), good.key).await.unwrap().unwrap();
    assert_eq!((row.is_bad, row.bytes.as_deref()), (false, Some(&b"good"[..])));
    assert_eq!(touch().await, 1);
}

pub async fn usage_equals_a_recount_after_any_history(store: Store) {
    let mut state = 0x9e37_79b9_u32;
    let mut expected = std::collections::HashMap::new();
    for _ in 0..400 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let data =
            vec![u8::try_from(state >> 24 & 0x1f).unwrap(); 1 + (state >> 8 & 0x3f) as usize];
        put(&store, node(&data, &[])).await;
        expected.insert(NodeKey::of(&data), data.len() as u64);
    }
    let usage = store.usage(&realm()).await.unwrap();
    assert_eq!(usage.nodes, expected.len() as u64);
    assert_eq!(usage.physical, expected.values().sum::<u64>());
    assert_eq!(usage.updated_at, NOW);
}
