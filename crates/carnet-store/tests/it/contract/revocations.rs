//! Revocations.

use carnet_gate::Selector;
use carnet_store::{Store, TicketStatus};
use carnet_ticket::id::UniqueId;
use carnet_ticket::time::Timestamp;

use super::{NOW, new_ticket, ticket_id};

fn content(number: u8) -> Selector {
    Selector::ContentId(UniqueId::from_u8(number))
}

pub async fn numbers_have_no_gap_however_many_revoke_at_once_and_the_same_again_is_the_same(
    store: Store,
) {
    let tasks: Vec<_> = (0..64_u8)
        .map(|at| {
            let store = store.clone();
            tokio::spawn(
                async move { store.revoke(content(at % 32), None, None, NOW).await.unwrap() },
            )
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        new += u32::from(task.await.unwrap().is_new);
    }
    assert_eq!(new, 32);
    let entries = store.revocations_after(0, 1000).await.unwrap();
    assert_eq!(
        entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        (1..=32).collect::<Vec<_>>()
    );
    assert_eq!(store.revocations_after(30, 1000).await.unwrap().len(), 2);
    let newest = store.list_revocations(None, 3).await.unwrap();
    assert_eq!(newest.iter().map(|row| row.entry.seq).collect::<Vec<_>>(), [32, 31, 30]);
    assert_eq!(store.list_revocations(Some(2), 3).await.unwrap().len(), 1);
}

pub async fn a_later_subject_line_is_new_and_an_earlier_one_is_not(store: Store) {
    let line = |s: i64| Selector::Subject {
        subject: "worker-a".to_owned(),
        issued_before: Timestamp::from_unix_s(s),
    };
    let reason = Some("lost".to_owned());
    let first = store.revoke(line(100), reason.clone(), None, NOW).await.unwrap();
    assert!(first.is_new && first.row.reason == reason);
    assert_eq!(store.revoke(line(50), None, None, NOW).await.unwrap().row, first.row);
    assert!(store.revoke(line(200), None, None, NOW).await.unwrap().is_new);
    let token = |worker: Option<&str>| Selector::TokenId {
        token_id: "t".to_owned(),
        worker_id: worker.map(str::to_owned),
    };
    assert!(store.revoke(token(None), None, None, NOW).await.unwrap().is_new);
    assert!(store.revoke(token(Some("w")), None, None, NOW).await.unwrap().is_new);
    assert!(!store.revoke(token(Some("w")), None, None, NOW).await.unwrap().is_new);
    let read = store.revocations_after(0, 10).await.unwrap();
    assert_eq!(
        read.iter().map(|entry| &entry.selector).collect::<Vec<_>>(),
        [&line(100), &line(200), &token(None), &token(Some("w"))]
    );
}

pub async fn revoking_a_task_ticket_revokes_its_row_and_the_other_way_round(store: Store) {
    store.insert_ticket(new_ticket(1)).await.unwrap();
    store.insert_ticket(new_ticket(2)).await.unwrap();
    store.revoke(Selector::RealmTicket(ticket_id(1)), None, None, NOW).await.unwrap();
    let row = store.ticket(&ticket_id(1)).await.unwrap().unwrap();
    assert_eq!((row.status(), row.revoked_at), (TicketStatus::Revoked, Some(NOW)));

    let (row, entry) = store.revoke_ticket(ticket_id(2), NOW).await.unwrap();
    assert_eq!(row.status(), TicketStatus::Revoked);
    assert_eq!(entry.selector, Selector::RealmTicket(ticket_id(2)));
    assert_eq!(entry.exp, Some(new_ticket(2).expires_at));
    assert_eq!(store.revocations_after(0, 10).await.unwrap().len(), 2);
}
