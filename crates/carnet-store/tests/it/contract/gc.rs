//! Removing nodes: what goes, what stays, and what is lowered.

use carnet_store::{CommitError, NewTicket, PutError, PutNode, Removed, Store, Swept, Weight};
use carnet_ticket::realm::{NodeKey, RealmId};
use carnet_ticket::time::Timestamp;

use super::{NOW, new_ticket, node, put, realm, ticket_id};

/// Everything that was put at [`NOW`] is older.
const LATER: Timestamp = Timestamp(NOW.0 + 1000);

async fn sweep(store: &Store, nodes: &[NodeKey]) -> Swept {
    store.sweep_nodes(realm(), nodes.to_vec(), LATER, LATER).await.unwrap()
}

/// A child and its parent, put at [`NOW`].
async fn family(store: &Store) -> (PutNode, PutNode) {
    let child = node(b"child", &[]);
    let parent = node(b"parent", &[child.key]);
    put(store, child.clone()).await;
    put(store, parent.clone()).await;
    (child, parent)
}

pub async fn what_is_swept_is_gone_and_costs_nothing(store: Store) {
    let (child, parent) = family(&store).await;
    let outside = PutNode { bytes: None, ..node(&[5; 100], &[]) };
    put(&store, outside.clone()).await;
    let gone = [parent.key, child.key, outside.key];
    let removed = Removed { nodes: 3, bytes: 111, blobs: 3, outside: vec![outside.key] };
    assert_eq!(sweep(&store, &gone).await, Swept::Removed(removed));
    for key in gone {
        assert!(store.node(&realm(), key).await.unwrap().is_none());
        assert!(store.blob(key).await.unwrap().is_none());
    }
    let usage = store.usage(&realm()).await.unwrap();
    assert_eq!((usage.physical, usage.logical, usage.nodes), (0, 0, 0));
    assert_eq!(usage.updated_at, LATER);
    assert_eq!(
        sweep(&store, &gone).await,
        Swept::Removed(Removed::default()),
        "nothing goes twice"
    );
}

/// Promise: R-60
pub async fn a_blob_of_two_realms_goes_with_the_second(store: Store) {
    let shared = PutNode { bytes: None, ..node(b"shared", &[]) };
    let other = RealmId::tenant("blue");
    put(&store, shared.clone()).await;
    put(&store, PutNode { realm: other, ..shared.clone() }).await;
    let weight = |realms| Weight { key: shared.key, size: 6, realms };
    assert_eq!(store.weights(&[shared.key]).await.unwrap(), [weight(2)]);

    let Swept::Removed(first) = sweep(&store, &[shared.key]).await else { panic!() };
    assert_eq!((first.nodes, first.blobs, first.outside.len()), (1, 0, 0));
    assert!(store.node(&realm(), shared.key).await.unwrap().is_none());
    assert!(store.node(&other, shared.key).await.unwrap().is_some());
    assert_eq!(store.weights(&[shared.key]).await.unwrap(), [weight(1)]);
    assert!(store.unnamed_blobs(vec![shared.key]).await.unwrap().is_empty());

    let second = store.sweep_nodes(other, vec![shared.key], LATER, LATER).await.unwrap();
    let Swept::Removed(second) = second else { panic!() };
    assert_eq!((second.blobs, second.outside), (1, vec![shared.key]));
    assert_eq!(store.unnamed_blobs(vec![shared.key]).await.unwrap(), [shared.key]);
}

/// Each way to name a node, between looking and sweeping: the batch stays whole, and tells what was used.
///
/// Promise: R-59
pub async fn whatever_names_a_node_keeps_it_from_the_sweep(store: Store) {
    let (child, parent) = family(&store).await;
    let batch = [parent.key, child.key];
    let used = |key| Swept::Used(vec![key]);

    store.put_node(parent.clone(), LATER).await.unwrap();
    assert_eq!(sweep(&store, &batch).await, Swept::Used(batch.to_vec()), "put again");

    let (child, _) = (node(b"second", &[]), put(&store, node(b"second", &[])).await);
    store.put_node(node(b"above", &[child.key]), LATER).await.unwrap();
    assert_eq!(sweep(&store, &[child.key]).await, used(child.key), "named as a child");

    let (input, _) = (node(b"third", &[]), put(&store, node(b"third", &[])).await);
    let ticket = NewTicket { input: Some(vec![input.key]), created_at: LATER, ..new_ticket(1) };
    store.insert_ticket(ticket).await.unwrap();
    assert_eq!(sweep(&store, &[input.key]).await, used(input.key), "named as input");

    let (output, _) = (node(b"fourth", &[]), put(&store, node(b"fourth", &[])).await);
    store.commit_ticket(ticket_id(1), output.key, LATER).await.unwrap();
    assert_eq!(sweep(&store, &[output.key]).await, used(output.key), "named as output");
    assert_eq!(store.usage(&realm()).await.unwrap().nodes, 6, "nothing went");
}

/// The other order: what was swept cannot be named any more.
///
/// Promise: R-59
pub async fn what_was_swept_cannot_be_named(store: Store) {
    let (child, parent) = family(&store).await;
    store.insert_ticket(new_ticket(1)).await.unwrap();
    sweep(&store, &[parent.key, child.key]).await;
    let refused = store.put_node(node(b"above", &[child.key]), LATER).await.unwrap_err();
    assert!(matches!(refused, PutError::MissingChildren(missing) if missing == [child.key]));
    let refused = store.commit_ticket(ticket_id(1), parent.key, LATER).await.unwrap_err();
    assert!(matches!(refused, CommitError::MissingOutput));
    store.commit_ticket(ticket_id(1), NodeKey::EMPTY_DICT, LATER).await.unwrap();
    put(&store, child.clone()).await;
    assert!(put(&store, parent).await, "uploaded again, it is there again");
}

pub async fn bytes_outside_are_named_by_their_row_or_by_an_upload(store: Store) {
    let (outside, inside) = (PutNode { bytes: None, ..node(b"a", &[]) }, node(b"b", &[]));
    let under_way = PutNode { bytes: None, ..node(b"c", &[]) };
    put(&store, outside.clone()).await;
    put(&store, inside.clone()).await;
    store.reserve("r".to_owned(), under_way.clone(), LATER, NOW).await.unwrap();
    let blobs = vec![outside.key, inside.key, under_way.key, NodeKey::of(b"nobody's")];
    let unnamed = store.unnamed_blobs(blobs.clone()).await.unwrap();
    assert_eq!(unnamed, [inside.key, NodeKey::of(b"nobody's")]);
    store.release("r".to_owned()).await.unwrap();
    assert_eq!(store.unnamed_blobs(blobs).await.unwrap().len(), 3);
}

pub async fn nodes_and_blobs_are_walked_by_their_keys(store: Store) {
    let mut expected = Vec::new();
    for number in 0..20_u8 {
        put(&store, node(&[number], &[])).await;
        expected.push(NodeKey::of(&[number]));
    }
    expected.sort();
    let (mut nodes, mut blobs) = (Vec::new(), Vec::new());
    loop {
        let page = store.list_nodes(&realm(), nodes.last().copied(), 7).await.unwrap();
        assert_eq!(page.len(), 7.min(20 - nodes.len()));
        nodes.extend(page.iter().map(|(key, touched_at)| {
            assert_eq!(*touched_at, NOW);
            *key
        }));
        let page = store.list_blobs(blobs.last().copied(), 7).await.unwrap();
        blobs.extend(page.iter().map(|row| row.key));
        if page.is_empty() {
            break;
        }
    }
    assert_eq!((&nodes, &blobs), (&expected, &expected));
    assert_eq!(store.list_realms().await.unwrap(), [realm()]);
}
