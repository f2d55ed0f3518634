//! Meters.

use std::collections::HashMap;

use carnet_store::{Spent, Store};
use carnet_ticket::id::UniqueId;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Limits;

use super::NOW;

fn ops(number: u16, ops: u64, expires: Expiration) -> Spent {
    let used = Limits { ops: Some(ops), ..Limits::none() };
    Spent { content_id: UniqueId::from_u16(number), used, expires }
}

async fn ops_of(store: &Store, number: u16) -> Option<u64> {
    let content = UniqueId::from_u16(number);
    store.load_meters(&[content]).await.unwrap().get(&content).and_then(|used| used.ops)
}

pub async fn what_is_spent_reads_back_and_only_grows(store: Store) {
    let every = Limits {
        ops: Some(1),
        ticks: Some(2),
        bandwidth_bytes: Some(3),
        cursor_resumes: Some(4),
        cursor_advances: Some(5),
    };
    let (one, two) = (UniqueId::from_u8(1), UniqueId::from_u8(2));
    let spent = |content_id, used| Spent { content_id, used, expires: Expiration::Never };
    store.flush_meters(&[spent(one, every), spent(two, Limits::none())]).await.unwrap();
    let loaded = store.load_meters(&[one, two]).await.unwrap();
    assert_eq!(loaded, HashMap::from([(one, every)]));

    let older = Limits { ops: Some(0), ticks: Some(9), ..Limits::none() };
    store.flush_meters(&[spent(one, older), spent(two, older)]).await.unwrap();
    let loaded = store.load_meters(&[one, two]).await.unwrap();
    assert_eq!(loaded, HashMap::from([(one, Limits { ticks: Some(9), ..every }), (two, older)]));
    store.flush_meters(&[]).await.unwrap();
}

pub async fn whichever_order_flushes_arrive_in_the_largest_stays(store: Store) {
    let tasks: Vec<_> = (1..=64_u64)
        .map(|spent| {
            let store = store.clone();
            // No order, but every number once.
            let spent = spent * 37 % 65;
            tokio::spawn(async move {
                let many: Vec<_> =
                    (0..600).map(|number| ops(number, spent, Expiration::Never)).collect();
                store.flush_meters(&many).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for number in [0, 255, 256, 599] {
        assert_eq!(ops_of(&store, number).await, Some(64));
    }
}

pub async fn meters_go_thirty_seconds_after_their_end_and_others_never(store: Store) {
    let at = |ms| Expiration::At(Timestamp(NOW.0 + ms));
    store.flush_meters(&[ops(1, 1, at(0)), ops(2, 1, at(0)), ops(3, 1, at(0))]).await.unwrap();
    // The end only moves away.
    store.flush_meters(&[ops(2, 1, at(5)), ops(3, 1, Expiration::Never)]).await.unwrap();
    store.flush_meters(&[ops(2, 1, at(1)), ops(3, 1, at(1))]).await.unwrap();

    assert_eq!(store.prune_meters(Timestamp(NOW.0 + 29_999)).await.unwrap(), 0);
    assert_eq!(store.prune_meters(Timestamp(NOW.0 + 30_000)).await.unwrap(), 1);
    assert_eq!(store.prune_meters(Timestamp(NOW.0 + 30_004)).await.unwrap(), 0);
    assert_eq!(store.prune_meters(Timestamp(NOW.0 + 30_005)).await.unwrap(), 1);
    assert_eq!(store.prune_meters(Timestamp::MAX).await.unwrap(), 0);
    assert_eq!(ops_of(&store, 1).await, None);
    assert_eq!(ops_of(&store, 2).await, None);
    assert_eq!(ops_of(&store, 3).await, Some(1));
}
