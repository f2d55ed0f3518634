//! Leases: one holder at a time, told apart by a generation that only grows.

use std::time::Duration;

use carnet_store::{LeaseFault, Leasing, Store};
use carnet_ticket::task::LeaseMark;
use carnet_ticket::time::Timestamp;

use super::NOW;

const TTL: Duration = Duration::from_secs(30);

pub fn leasing(holder: &str) -> Leasing {
    Leasing {
        resource_id: "task:1".to_owned(),
        resource_type: "task".to_owned(),
        holder: holder.parse().unwrap(),
        instance: format!("{holder}-1"),
    }
}

fn at(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

/// Promise: K-47, P-56
pub async fn of_sixteen_who_race_one_gets_the_lease(store: Store) {
    for round in 0..10 {
        let ask = (0..16).map(|number| {
            store.acquire_lease(leasing(&format!("worker-{number}")), TTL, at(round * 60))
        });
        let asked = futures::future::join_all(ask).await;
        let (got, refused): (Vec<_>, Vec<_>) = asked.into_iter().partition(Result::is_ok);
        assert_eq!((got.len(), refused.len()), (1, 15));
        assert!(refused.into_iter().all(|fault| matches!(fault, Err(LeaseFault::Held))));
        assert_eq!(got[0].as_ref().unwrap().generation, round + 1);
    }
}

/// Promise: K-47, P-56
pub async fn a_generation_only_grows(store: Store) {
    let (a, b) = (leasing("a"), leasing("b"));
    let renew = |holder: &Leasing, seconds| {
        let Leasing { resource_id, holder, instance, .. } = holder.clone();
        let mark = LeaseMark { instance, generation: 0 };
        store.renew_lease(resource_id, holder, mark, TTL, at(seconds))
    };
    assert_eq!(store.acquire_lease(a.clone(), TTL, at(0)).await.unwrap().generation, 1);
    assert_eq!(renew(&a, 10).await.unwrap().generation, 2);
    let other = Leasing { instance: "another process".to_owned(), ..a.clone() };
    assert!(matches!(renew(&other, 10).await, Err(LeaseFault::NotHeld)));
    store.release_lease(a.resource_id.clone(), a.holder.clone()).await.unwrap();
    assert!(matches!(renew(&a, 11).await, Err(LeaseFault::NotHeld)));
    assert_eq!(store.acquire_lease(b.clone(), TTL, at(12)).await.unwrap().generation, 3);
    store.fence_lease(b.resource_id.clone()).await.unwrap();
    assert!(matches!(renew(&b, 13).await, Err(LeaseFault::NotHeld)));
    assert_eq!(store.acquire_lease(a.clone(), TTL, at(14)).await.unwrap().generation, 5);
    // It has run out, and somebody else takes it over.
    assert_eq!(store.acquire_lease(b.clone(), TTL, at(44)).await.unwrap().generation, 6);
    assert!(matches!(renew(&a, 45).await, Err(LeaseFault::NotHeld)));
    assert!(renew(&b, 45).await.is_ok());
}

pub async fn a_lease_lasts_a_second_to_a_quarter_of_an_hour(store: Store) {
    for (ttl_ms, is_given) in [(999, false), (1000, true), (900_000, true), (900_001, false)] {
        let asked = store.acquire_lease(leasing("a"), Duration::from_millis(ttl_ms), NOW).await;
        assert_eq!(asked.is_ok(), is_given, "{ttl_ms}");
    }
}
