//! Operations that share a transaction.

use carnet_store::{Store, StoreError};
use carnet_ticket::realm::NodeKey;

use super::{NOW, new_ticket, node, realm};

pub async fn an_operation_that_fails_undoes_itself_and_not_its_neighbours(store: Store) {
    let tasks: Vec<_> = (0..200_u8)
        .map(|at| {
            let store = store.clone();
            let children = if at % 3 == 0 { vec![NodeKey::of(b"absent")] } else { Vec::new() };
            tokio::spawn(async move { store.put_node(node(&[at], &children), NOW).await.is_ok() })
        })
        .collect();
    for (at, task) in (0_u8..).zip(tasks) {
        assert_eq!(task.await.unwrap(), at % 3 != 0);
        assert_eq!(store.node(&realm(), NodeKey::of(&[at])).await.unwrap().is_some(), at % 3 != 0);
    }
}

pub async fn a_conflict_with_a_stored_row_is_an_error_of_that_operation_alone(store: Store) {
    store.insert_ticket(new_ticket(1)).await.unwrap();
    let (again, other) =
        tokio::join!(store.insert_ticket(new_ticket(1)), store.insert_ticket(new_ticket(2)));
    assert!(matches!(again, Err(StoreError::Conflict(_))));
    other.unwrap();
}

pub async fn a_caller_that_goes_away_leaves_all_or_nothing(store: Store) {
    for at in 0..50_u8 {
        let put = store.put_node(node(&[at], &[]), NOW);
        drop(tokio::task::unconstrained(futures_now(put)).await);
    }
    store.ping().await.unwrap();
    // The writer is past all of them once it answers this one.
    store.put_node(node(b"last", &[]), NOW).await.unwrap();
    let usage = store.usage(&realm()).await.unwrap();
    let mut present = 0;
    for at in 0..50_u8 {
        present += u64::from(store.node(&realm(), NodeKey::of(&[at])).await.unwrap().is_some());
    }
    assert_eq!(usage.nodes, present + 1);
}

/// Polls once and lets go.
async fn futures_now<F: Future>(future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

pub async fn what_was_written_before_closing_is_there_and_afterwards_nothing_is_taken(
    store: Store,
) {
    store.put_node(node(b"kept", &[]), NOW).await.unwrap();
    store.close().await;
    let refused = store.put_node(node(b"late", &[]), NOW).await.unwrap_err();
    assert!(matches!(refused, carnet_store::PutError::Store(StoreError::Closed)));
    assert!(store.ping().await.is_err());
}
