//! Depots.

use carnet_store::{DepotState, Store, StoreDepotError};
use carnet_ticket::realm::{DepotId, NodeKey, RealmId};
use carnet_ticket::time::Timestamp;

use super::{NOW, node, put, realm};

fn id(number: u8) -> DepotId {
    DepotId::new(NOW, [number; 10])
}

fn state(title: &str) -> DepotState {
    let title = title.to_owned();
    DepotState { title, root: NodeKey::EMPTY_DICT, history: Vec::new(), max_history: 3 }
}

pub async fn a_depot_reads_back_as_it_was_made_and_only_in_its_realm(store: Store) {
    let made = store.insert_depot(id(1), realm(), state("a"), NOW).await.unwrap();
    assert_eq!((made.id, &made.state, made.updated_at), (id(1), &state("a"), NOW));
    assert_eq!(store.depot(&realm(), &id(1)).await.unwrap(), Some(made));
    let other = RealmId::tenant("blue");
    assert_eq!(store.depot(&other, &id(1)).await.unwrap(), None);
    let taken = store.insert_depot(id(2), realm(), state("a"), NOW).await.unwrap_err();
    assert!(matches!(taken, StoreDepotError::TitleTaken));
    store.insert_depot(id(2), other, state("a"), NOW).await.unwrap();
    assert!(store.has_depot(&realm(), "a").await.unwrap());
    assert!(!store.has_depot(&realm(), "b").await.unwrap());
    assert!(!store.delete_depot(other, id(1)).await.unwrap());
    assert!(store.delete_depot(realm(), id(1)).await.unwrap());
    assert!(!store.delete_depot(realm(), id(1)).await.unwrap());
}

pub async fn a_change_is_decided_on_what_is_there_and_made_whole_or_not(store: Store) {
    for (number, title) in (1..).zip(["a", "b"]) {
        store.insert_depot(id(number), realm(), state(title), NOW).await.unwrap();
    }
    put(&store, node(b"root", &[])).await;
    let later = Timestamp(NOW.0 + 1);
    let change = async |number, to: DepotState| {
        let decide = move |_: &DepotState| Ok::<_, StoreDepotError>(to);
        store.change_depot(realm(), id(number), later, decide).await
    };
    let root = NodeKey::of(b"root");
    let moved = DepotState { root, history: vec![NodeKey::EMPTY_DICT], ..state("c") };
    let changed = change(1, moved.clone()).await.unwrap().unwrap();
    assert_eq!((changed.state, changed.updated_at), (moved.clone(), later));
    let missing = DepotState { root: NodeKey::of(b"absent"), ..state("d") };
    let refused = change(2, missing).await.unwrap_err();
    assert!(matches!(refused, StoreDepotError::MissingRoot(key) if key == NodeKey::of(b"absent")));
    assert!(matches!(change(2, state("c")).await, Err(StoreDepotError::TitleTaken)));
    assert_eq!(store.depot(&realm(), &id(2)).await.unwrap().unwrap().updated_at, NOW);
    let same = change(2, state("b")).await.unwrap().unwrap();
    assert_eq!(same.updated_at, NOW, "nothing has changed");
    assert_eq!(change(9, state("x")).await.unwrap(), None);
    let refuse = |_: &DepotState| Err(StoreDepotError::TitleTaken);
    assert!(store.change_depot(realm(), id(1), later, refuse).await.is_err());
    assert_eq!(store.depot(&realm(), &id(1)).await.unwrap().unwrap().state, moved);
}

pub async fn the_list_goes_from_the_newest_to_the_oldest(store: Store) {
    for number in 0..5 {
        let title = number.to_string();
        store.insert_depot(id(number), realm(), state(&title), NOW).await.unwrap();
    }
    let first = store.list_depots(&realm(), None, 3).await.unwrap();
    let rest = store.list_depots(&realm(), Some(first[2].seq), 3).await.unwrap();
    let ids: Vec<_> = first.iter().chain(&rest).map(|row| row.id).collect();
    assert_eq!(ids, (0..5).rev().map(id).collect::<Vec<_>>());
}
