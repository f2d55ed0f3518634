//! Managed keys.

use carnet_authority::audit::{Actor, Event, Kind, Outcome};
use carnet_authority::keyring::{Key, KeyInfo, KeyState, Keyring, Purpose, SealKey};
use carnet_store::{SealedKey, Store, StoreError};
use carnet_ticket::time::Timestamp;

use super::NOW;

fn seal() -> SealKey {
    SealKey::new(&[1; 32]).unwrap()
}

fn sealed(key: &Key) -> SealedKey {
    SealedKey { info: key.info.clone(), sealed: seal().seal(key, [9; 12]).unwrap() }
}

fn event() -> Event {
    let actor = Actor {
        id: "key:admin".into(),
        class: "api-key".into(),
        role: Some("admin".into()),
        fingerprint: None,
    };
    Event::new(NOW, Kind::Key, actor, "key.promote", "key", Outcome::Allowed, "request-1")
}

async fn ring(store: &Store) -> Keyring {
    let rows = store.signing_keys().await.unwrap();
    Keyring::new(rows.into_iter().map(|row| seal().open(row.info, &row.sealed).unwrap()))
}

pub async fn a_key_turns_over_and_comes_back_as_it_was_written(store: Store) {
    let first = Keyring::default().rotate(Purpose::Jwt, &[1; 32], NOW).unwrap();
    store.insert_signing_key(sealed(&first)).await.unwrap();
    let second = ring(&store).await.rotate(Purpose::Jwt, &[2; 32], Timestamp(NOW.0 + 1));
    let second = second.unwrap();
    store.insert_signing_key(sealed(&second)).await.unwrap();
    let states = |ring: &Keyring| ring.keys().iter().map(|key| key.info.state).collect::<Vec<_>>();
    assert_eq!(states(&ring(&store).await), [KeyState::Active, KeyState::Staged]);

    let turned = ring(&store).await.promote(second.info.id, NOW).unwrap();
    store.audited(event()).update_signing_keys(turned.clone()).await.unwrap();
    let after = ring(&store).await;
    assert_eq!(after.active(Purpose::Jwt).unwrap().info, turned[1]);
    assert_eq!(after.find(first.info.id).unwrap().info, turned[0]);
    assert_eq!(store.audit_head().await.unwrap().seq, 1);
}

pub async fn two_keys_never_sign_for_one_purpose(store: Store) {
    let key = |seed| Keyring::default().rotate(Purpose::Jwt, &[seed; 32], NOW).unwrap();
    let (first, second) = (key(1), key(2));
    store.insert_signing_key(sealed(&first)).await.unwrap();
    let conflict = store.insert_signing_key(sealed(&second)).await;
    assert!(matches!(conflict, Err(StoreError::Conflict(_))), "{conflict:?}");

    let staged = KeyInfo { state: KeyState::Staged, ..second.info.clone() };
    let staged = SealedKey { info: staged, ..sealed(&second) };
    store.insert_signing_key(staged).await.unwrap();
    let both = vec![second.info.clone()];
    let refused = store.audited(event()).update_signing_keys(both).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "the first was not demoted before");
    assert_eq!(ring(&store).await.active(Purpose::Jwt).unwrap().info, first.info);
    assert_eq!(store.audit_head().await.unwrap().seq, 0, "nothing changed, nothing is recorded");
}
