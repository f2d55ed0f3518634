//! The ledger.

use carnet_authority::ledger::LedgerEntry;
use carnet_store::{AuditFilter, LedgerFilter, Store, StoreError};
use carnet_ticket::id::{KeyId, UniqueId};
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Class;

use super::NOW;
use super::audit::event;

const DAY_MS: i64 = 24 * 3_600_000;

pub fn entry(number: u8) -> LedgerEntry {
    LedgerEntry {
        id: Ulid::new(NOW, [number; 10]),
        class: if number.is_multiple_of(2) { Class::Capability } else { Class::WorkerToken },
        content_id: UniqueId::from_u8(number),
        token_id: Some(format!("token-{number}")),
        subject: format!("worker-{}", number % 3),
        audience: Some("worker:rpc".to_owned()),
        scopes: vec!["worker:lease".to_owned(), "worker:status".to_owned()],
        key_id: KeyId([number; 8]),
        parent_id: None,
        tenant_id: Some("blue".to_owned()),
        issued_by: "key:admin".to_owned(),
        issued_at: NOW,
        not_before: Some(Timestamp(NOW.0 + 1)),
        expires_at: Expiration::At(Timestamp(NOW.0 + 1000)),
        request_id: "req".to_owned(),
    }
}

async fn insert(store: &Store, entry: LedgerEntry) {
    store.insert_ledger_entry(entry, event(1)).await.unwrap();
}

pub async fn an_entry_is_found_by_each_of_its_ids_and_audited(store: Store) {
    let bare = LedgerEntry {
        token_id: None,
        audience: None,
        scopes: Vec::new(),
        parent_id: Some(UniqueId::from_u8(1)),
        tenant_id: None,
        not_before: None,
        expires_at: Expiration::Never,
        ..entry(2)
    };
    for entry in [entry(1), bare.clone()] {
        insert(&store, entry.clone()).await;
        assert_eq!(store.ledger_entry(entry.id).await.unwrap(), Some(entry.clone()));
        let found = store.ledger_entry_of_content(&entry.content_id).await.unwrap();
        assert_eq!(found, Some(entry));
    }
    assert_eq!(store.ledger_entry_of_token("token-1").await.unwrap(), Some(entry(1)));
    assert_eq!(store.ledger_entry_of_token("token-2").await.unwrap(), None);
    assert_eq!(store.ledger_entry(entry(3).id).await.unwrap(), None);
    assert_eq!(store.ledger_entry_of_content(&UniqueId::zero()).await.unwrap(), None);

    let again = LedgerEntry { id: entry(9).id, ..entry(1) };
    insert(&store, again.clone()).await;
    let newest = store.ledger_entry_of_content(&entry(1).content_id).await.unwrap();
    assert_eq!(newest, Some(again));
    let taken = store.insert_ledger_entry(entry(1), event(1)).await.unwrap_err();
    assert!(matches!(taken, StoreError::Conflict(_)));
    let audited = store.audit_after(&AuditFilter::default(), 0, 10).await.unwrap();
    assert_eq!(audited.len(), 3, "each entry has an event, and what failed has none");
}

pub async fn walking_the_ledger_meets_every_entry_of_a_filter_once(store: Store) {
    for number in 1..=40 {
        insert(&store, entry(number)).await;
    }
    let is_asked_for = |number: &u8| *number % 6 == 4;
    let filter = LedgerFilter {
        class: Some(Class::Capability),
        subject: Some("worker-1".to_owned()),
        ..LedgerFilter::default()
    };
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = store.list_ledger(&filter, before, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        seen.extend(page.into_iter().map(|entry| entry.id));
        insert(&store, entry(100 + u8::try_from(seen.len()).unwrap() * 6)).await;
    }
    let expected: Vec<_> =
        (1..=40).rev().filter(is_asked_for).map(|number| entry(number).id).collect();
    assert_eq!(seen, expected);
    let all = store.list_ledger(&LedgerFilter::default(), None, 1000).await.unwrap();
    assert!(all.len() > 40 && all.is_sorted_by(|a, b| a.id > b.id));
}

pub async fn a_name_finds_an_id_a_content_or_a_subject_and_nothing_that_is_only_like_it(
    store: Store,
) {
    let tenantless = LedgerEntry { tenant_id: None, ..entry(4) };
    // Its subject is spelt as another's id.
    let twin = LedgerEntry { subject: "token-1".to_owned(), ..entry(5) };
    for entry in [entry(1), entry(2), entry(3), tenantless, twin] {
        insert(&store, entry).await;
    }
    let of = async |filter: LedgerFilter| {
        let found = store.list_ledger(&filter, None, 10).await.unwrap();
        found.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    let named = async |name: &str| {
        of(LedgerFilter { named: Some(name.to_owned()), ..LedgerFilter::default() }).await
    };
    let ids = |numbers: &[u8]| numbers.iter().map(|number| entry(*number).id).collect::<Vec<_>>();
    assert_eq!(named("token-2").await, ids(&[2]));
    assert_eq!(named("token-1").await, ids(&[5, 1]));
    assert_eq!(named("worker-1").await, ids(&[4, 1]));
    assert_eq!(named(&UniqueId::from_u8(3).to_string()).await, ids(&[3]));
    for nobody in ["token", "token-%", "TOKEN-2", "", "' OR '1'='1", &"00".repeat(32)] {
        assert!(named(nobody).await.is_empty(), "{nobody}");
    }

    let blue = LedgerFilter { tenant_id: Some("blue".to_owned()), ..LedgerFilter::default() };
    assert_eq!(of(blue.clone()).await, ids(&[5, 3, 2, 1]));
    let both = LedgerFilter { named: Some("worker-1".to_owned()), ..blue };
    assert_eq!(of(both).await, ids(&[1]), "filters hold together");
}

pub async fn ancestors_are_walked_up_to_sixteen_and_never_cut_off(store: Store) {
    // 1 is derived from 2, that from 3, and so on; 17 from nothing.
    for number in 1..=17 {
        let parent_id = (number < 17).then(|| UniqueId::from_u8(number + 1));
        insert(&store, LedgerEntry { parent_id, ..entry(number) }).await;
    }
    let of = async |number| store.ancestors(&UniqueId::from_u8(number)).await;
    let expected: Vec<_> = (2..=17).map(UniqueId::from_u8).collect();
    assert_eq!(of(1).await.unwrap(), expected);
    assert_eq!(of(16).await.unwrap(), [UniqueId::from_u8(17)]);
    assert!(of(17).await.unwrap().is_empty());
    assert!(of(99).await.unwrap().is_empty());

    let root =
        LedgerEntry { parent_id: Some(UniqueId::from_u8(18)), id: entry(99).id, ..entry(17) };
    insert(&store, root).await;
    assert!(matches!(of(1).await, Err(StoreError::BadRow { .. })), "seventeen");
    assert_eq!(of(2).await.unwrap().len(), 16);

    // A circle, which nothing mints, does not go on for ever.
    insert(&store, LedgerEntry { parent_id: Some(UniqueId::from_u8(200)), ..entry(200) }).await;
    assert_eq!(of(200).await.unwrap(), [UniqueId::from_u8(200)]);
}

pub async fn entries_go_thirty_days_after_their_end(store: Store) {
    insert(&store, entry(1)).await;
    insert(&store, LedgerEntry { expires_at: Expiration::Never, ..entry(2) }).await;
    let end = Timestamp(NOW.0 + 1000 + 30 * DAY_MS);
    assert_eq!(store.sweep_ledger(Timestamp(end.0 - 1)).await.unwrap(), 0);
    assert_eq!(store.sweep_ledger(end).await.unwrap(), 1);
    assert_eq!(store.sweep_ledger(Timestamp::MAX).await.unwrap(), 0);
    assert!(store.ledger_entry(entry(1).id).await.unwrap().is_none());
    assert!(store.ledger_entry(entry(2).id).await.unwrap().is_some());
}
