//! Meters.

use carnet_gate::Spending;
use carnet_store::Store;
use carnet_ticket::id::UniqueId;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Limits;

use super::NOW;

fn ops(number: u16, ops: u64, expires: Expiration) -> Spending {
    let limits = Limits { ops: Some(100), ..Limits::none() };
    Spending { content_id: UniqueId::from_u16(number), used: [ops, 0, 0, 0, 0], limits, expires }
}

async fn ops_of(store: &Store, number: u16) -> Option<u64> {
    let spendings = store.load_meters(&[UniqueId::from_u16(number)]).await.unwrap();
    spendings.first().map(|spending| spending.used[0])
}

pub async fn what_is_spent_reads_back_and_only_grows(store: Store) {
    let limits =
        Limits { ops: Some(10), ticks: Some(20), cursor_resumes: Some(30), ..Limits::none() };
    let expires = Expiration::At(NOW);
    let first =
        Spending { content_id: UniqueId::from_u8(1), used: [1, 2, 3, 0, 5], limits, expires };
    let (second, unused) = (ops(2, 0, Expiration::Never), ops(3, 0, Expiration::Never));
    let unused = Spending { limits: Limits::none(), ..unused };
    store.flush_meters(&[first, second, unused]).await.unwrap();
    store.flush_meters(&[]).await.unwrap();
    let contents = [first, second, unused].map(|spending| spending.content_id);
    assert_eq!(store.load_meters(&contents).await.unwrap(), [first, second]);

    let limits =
        Limits { ops: Some(9), ticks: Some(21), bandwidth_bytes: Some(1), ..Limits::none() };
    let later = Spending { used: [0, 9, 3, 1, 0], limits, expires: Expiration::Never, ..first };
    store.flush_meters(&[later]).await.unwrap();
    let limits = Limits {
        ops: Some(9),
        ticks: Some(20),
        bandwidth_bytes: Some(1),
        cursor_resumes: Some(30),
        cursor_advances: None,
    };
    let merged = Spending { used: [1, 9, 3, 1, 5], limits, expires: Expiration::Never, ..first };
    assert_eq!(store.load_meters(&contents[..1]).await.unwrap(), [merged]);
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
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.list_meters(after, 250).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.content_id);
        seen.extend(page);
    }
    let mut expected: Vec<_> = (0..600).map(|number| ops(number, 64, Expiration::Never)).collect();
    expected.sort_by_key(|spending| spending.content_id);
    assert_eq!(seen, expected);
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

    // What was not touched lately stays with the rest.
    let both = Spending { used: [1, 1, 0, 0, 0], ..ops(4, 1, at(0)) };
    store.flush_meters(&[both]).await.unwrap();
    store.flush_meters(&[ops(4, 2, at(5))]).await.unwrap();
    assert_eq!(store.prune_meters(Timestamp(NOW.0 + 30_000)).await.unwrap(), 0);
    assert_eq!(store.prune_meters(Timestamp(NOW.0 + 30_005)).await.unwrap(), 2);

    assert_eq!(ops_of(&store, 1).await, None);
    assert_eq!(ops_of(&store, 2).await, None);
    assert_eq!(ops_of(&store, 3).await, Some(1));
}
