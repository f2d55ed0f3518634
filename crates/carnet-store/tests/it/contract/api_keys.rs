//! API keys.

use carnet_store::{NewApiKey, Store};
use carnet_ticket::api_key::ApiKeyId;
use carnet_ticket::realm::Ulid;

use super::NOW;

pub fn key(number: u8) -> NewApiKey {
    NewApiKey {
        id: ApiKeyId(Ulid::new(NOW, [number; 10])),
        name: format!("key {number}"),
        role: "api".to_owned(),
        tenant_id: (number == 1).then(|| "blue".to_owned()),
        hash: [number; 32],
        created_at: NOW,
        expires_at: (number == 2).then_some(NOW),
        subjects: vec!["gpu-*".to_owned(); usize::from(number.saturating_sub(1))],
    }
}

pub async fn keys_are_stored_listed_newest_first_and_deleted_once(store: Store) {
    for number in 1..=5 {
        store.insert_api_key(key(number)).await.unwrap();
    }
    let read = store.api_key(key(1).id).await.unwrap().unwrap();
    assert_eq!(
        (read.name.as_str(), read.hash, read.tenant_id.as_deref()),
        ("key 1", [1; 32], Some("blue"))
    );
    assert_eq!(store.api_key(key(2).id).await.unwrap().unwrap().expires_at, Some(NOW));

    let first = store.list_api_keys(None, 2).await.unwrap();
    assert_eq!(first.iter().map(|row| row.id).collect::<Vec<_>>(), [key(5).id, key(4).id]);
    let rest = store.list_api_keys(Some(key(4).id), 10).await.unwrap();
    assert_eq!(
        rest.iter().map(|row| row.id).collect::<Vec<_>>(),
        [key(3).id, key(2).id, key(1).id]
    );

    assert!(store.delete_api_key(key(3).id).await.unwrap());
    assert!(!store.delete_api_key(key(3).id).await.unwrap());
    assert!(store.api_key(key(3).id).await.unwrap().is_none());
}
