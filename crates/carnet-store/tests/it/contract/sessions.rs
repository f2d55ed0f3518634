//! Sessions and the links that open them.

use carnet_store::{SessionRow, SignInLinkRow, Store};
use carnet_ticket::id::UniqueId;
use carnet_ticket::session::SessionDigest;
use carnet_ticket::time::Timestamp;

use super::NOW;

const HOUR_MS: i64 = 3_600_000;

fn session(number: u8, created_ms: i64) -> SessionRow {
    let created_at = Timestamp(NOW.0 + created_ms);
    SessionRow {
        digest: SessionDigest([number; 32]),
        subject: "key:admin".to_owned(),
        rests_on: Some(UniqueId::from_bytes([9; 32])),
        created_at,
        idle_at: Timestamp(created_at.0 + HOUR_MS),
        expires_at: Timestamp(created_at.0 + 2 * HOUR_MS),
    }
}

pub async fn a_session_reads_back_is_put_off_and_ends(store: Store) {
    let row = session(1, 0);
    assert_eq!(store.open_session(row.clone()).await.unwrap(), []);
    assert_eq!(store.session(row.digest).await.unwrap(), Some(row.clone()));
    let later = Timestamp(row.idle_at.0 + 1);
    store.touch_session(row.digest, later).await.unwrap();
    store.touch_session(row.digest, row.idle_at).await.unwrap();
    let read = store.session(row.digest).await.unwrap().unwrap();
    assert_eq!(read, SessionRow { idle_at: later, ..row.clone() }, "it is never put forward");

    let idle = SessionRow { rests_on: None, ..session(2, 0) };
    store.open_session(idle.clone()).await.unwrap();
    store.sweep_sessions(idle.idle_at).await.unwrap();
    assert_eq!(store.session(idle.digest).await.unwrap(), None);
    assert!(store.end_session(row.digest).await.unwrap());
    assert!(!store.end_session(row.digest).await.unwrap());
}

pub async fn a_link_opens_one_session_while_it_is_good(store: Store) {
    let link = |number| SignInLinkRow {
        digest: SessionDigest([number; 32]),
        subject: "local-admin".to_owned(),
        rests_on: None,
        expires_at: Timestamp(NOW.0 + 1000),
    };
    let (first, second) = (link(1), link(2));
    for link in [&first, &second] {
        store.insert_sign_in_link(link.clone()).await.unwrap();
    }
    assert_eq!(store.sign_in_link(first.digest, NOW).await.unwrap(), Some(first.clone()));
    let opened = store.open_session_by_link(first.digest, session(3, 0)).await.unwrap();
    assert!(opened.is_some());
    let again = store.open_session_by_link(first.digest, session(4, 0)).await.unwrap();
    assert!(again.is_none());
    assert_eq!(store.session(SessionDigest([4; 32])).await.unwrap(), None);
    let late = store.open_session_by_link(second.digest, session(5, 1000)).await.unwrap();
    assert!(late.is_none());
    assert_eq!(store.sign_in_link(second.digest, second.expires_at).await.unwrap(), None);
}

pub async fn a_subject_has_a_hundred_sessions_and_a_new_one_ends_the_oldest(store: Store) {
    for number in 0..100 {
        assert_eq!(store.open_session(session(number, number.into())).await.unwrap(), []);
    }
    let ended = store.open_session(session(100, 100)).await.unwrap();
    assert_eq!(ended, [SessionDigest([0; 32])]);
    // Also when its clock went back.
    let ended = store.open_session(session(101, -5)).await.unwrap();
    assert_eq!(ended, [SessionDigest([1; 32])]);
}
