//! Task tickets.

use carnet_store::{CommitError, NewTicket, RevokeTicketError, Store, TicketEnd, TicketStatus};
use carnet_ticket::realm::{NodeKey, RealmId};

use super::{NOW, new_ticket, node, put, realm, ticket_id};

pub async fn a_ticket_reads_back_as_it_was_made(store: Store) {
    let whole = NewTicket {
        input: None,
        quota: Some(5),
        accept: Vec::new(),
        purpose: None,
        ..new_ticket(2)
    };
    for ticket in [new_ticket(1), whole] {
        store.insert_ticket(ticket.clone()).await.unwrap();
        let row = store.ticket(&ticket.id).await.unwrap().unwrap();
        assert_eq!(row.ticket, ticket);
        assert_eq!(
            (row.used, row.output, row.revoked_at, row.is_issuer_live),
            (0, None, None, true)
        );
        assert!(row.is_live_at(ticket.expires_at));
    }
    assert!(store.ticket(&ticket_id(9)).await.unwrap().is_none());
}

pub async fn of_concurrent_commits_one_wins(store: Store) {
    store.insert_ticket(new_ticket(1)).await.unwrap();
    let outputs: Vec<_> = (0..32_u8).map(|at| node(&[at], &[])).collect();
    for output in &outputs {
        put(&store, output.clone()).await;
    }
    let tasks: Vec<_> = outputs
        .iter()
        .map(|output| {
            let (store, key) = (store.clone(), output.key);
            tokio::spawn(async move { (key, store.commit_ticket(ticket_id(1), key, NOW).await) })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    let winners: Vec<_> =
        results.iter().filter(|(_, result)| result.is_ok()).map(|(key, _)| *key).collect();
    assert_eq!(winners.len(), 1);
    for (_, result) in results {
        let lost = |error| matches!(error, CommitError::Ticket(TicketEnd::Committed(key)) if key == winners[0]);
        assert!(result.map_or_else(lost, |()| true));
    }
    assert_eq!(store.ticket(&ticket_id(1)).await.unwrap().unwrap().output, Some(winners[0]));
}

pub async fn the_four_states_are_reached_by_commit_and_revoke_alone(store: Store) {
    put(&store, node(b"out", &[])).await;
    for number in 1..=4 {
        store.insert_ticket(new_ticket(number)).await.unwrap();
    }
    for number in [2, 4] {
        store.commit_ticket(ticket_id(number), NodeKey::of(b"out"), NOW).await.unwrap();
    }
    for number in [3, 4] {
        store.revoke_ticket(ticket_id(number), NOW).await.unwrap();
    }
    let statuses = [
        TicketStatus::Issued,
        TicketStatus::Committed,
        TicketStatus::Revoked,
        TicketStatus::Archived,
    ];
    for (number, status) in (1..).zip(statuses) {
        assert_eq!(store.ticket(&ticket_id(number)).await.unwrap().unwrap().status(), status);
        let listed = store.list_tickets(&realm(), Some(status), None, 10).await.unwrap();
        assert_eq!(listed.iter().map(|row| row.ticket.id).collect::<Vec<_>>(), [ticket_id(number)]);
        assert_eq!(TicketStatus::from_name(status.as_str()), Some(status));
    }
    let again = store.revoke_ticket(ticket_id(3), NOW).await.unwrap_err();
    assert!(matches!(again, RevokeTicketError::AlreadyRevoked));
    let unknown = store.revoke_ticket(ticket_id(9), NOW).await.unwrap_err();
    assert!(matches!(unknown, RevokeTicketError::Unknown));
    let late = store.commit_ticket(ticket_id(3), NodeKey::of(b"out"), NOW).await.unwrap_err();
    assert!(matches!(late, CommitError::Ticket(TicketEnd::Revoked)));
}

pub async fn a_deleted_ticket_is_gone_with_its_uploads_and_only_from_its_realm(store: Store) {
    store.insert_ticket(new_ticket(1)).await.unwrap();
    put(&store, carnet_store::PutNode { ticket: Some(ticket_id(1)), ..node(b"up", &[]) }).await;
    assert!(
        store.delete_ticket(RealmId::tenant("blue"), ticket_id(1), NOW).await.unwrap().is_none()
    );
    assert!(store.delete_ticket(realm(), ticket_id(1), NOW).await.unwrap().is_some());
    assert!(store.delete_ticket(realm(), ticket_id(1), NOW).await.unwrap().is_none());
    assert!(store.ticket(&ticket_id(1)).await.unwrap().is_none());
    assert!(store.uploaded(&ticket_id(1), &[NodeKey::of(b"up")]).await.unwrap().is_empty());
    assert!(
        store.node(&realm(), NodeKey::of(b"up")).await.unwrap().is_some(),
        "what it uploaded stays"
    );
}

pub async fn walking_the_list_meets_every_ticket_once_whatever_comes_and_goes_meanwhile(
    store: Store,
) {
    for number in 0..40 {
        store.insert_ticket(new_ticket(number)).await.unwrap();
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = store.list_tickets(&realm(), None, before, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.seq);
        seen.extend(page.into_iter().map(|row| row.ticket.id));
        let next = u8::try_from(100 + seen.len()).unwrap();
        store.insert_ticket(new_ticket(next)).await.unwrap();
        store.delete_ticket(realm(), seen[0], NOW).await.unwrap();
    }
    let expected: Vec<_> = (0..40).rev().map(ticket_id).collect();
    assert_eq!(seen, expected);
}
