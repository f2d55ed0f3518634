//! Workers that have registered, and what administrators do to them.

use std::time::Duration;

use carnet_store::{OrderError, RegisterError, Store, WorkerOrder};
use carnet_ticket::identity::WorkerId;

use super::NOW;
use super::fleet::{authority, csr, event, profile, signed, worker};

const IDENTITY: &str = "spiffe://carnet.local/worker/gpu-1";

fn id() -> WorkerId {
    "w-1".parse().unwrap()
}

async fn registered(store: &Store, identity: &str) -> Result<(), RegisterError> {
    let identity = identity.to_owned();
    store.register_worker(id(), identity, "{}".to_owned(), NOW).await.map(drop)
}

pub async fn what_was_set_of_a_worker_stays_when_it_registers_again(store: Store) {
    registered(&store, IDENTITY).await.unwrap();
    let audited = store.audited(event("worker.cordon"));
    let words = || Some("a new disk".to_owned());
    let later = NOW.after(Duration::from_secs(1));
    let order = |order| audited.order_worker(id(), order, words(), later);
    let row = order(WorkerOrder::Cordon).await.unwrap();
    assert!(row.cordoned && !row.draining && row.updated_at == later);
    assert_eq!(row.reason, words());
    registered(&store, IDENTITY).await.unwrap();
    let row = order(WorkerOrder::Drain).await.unwrap();
    assert!(row.cordoned && row.draining);
    let listed = store.workers().await.unwrap();
    assert_eq!((listed.len(), listed[0].cordoned, listed[0].draining), (1, true, true));
    let row = order(WorkerOrder::Uncordon).await.unwrap();
    assert!(!row.cordoned && !row.draining && row.reason.is_none());
    assert_eq!(store.audit_head().await.unwrap().seq, 3);
    let nobody = store.order_worker("w-2".parse().unwrap(), WorkerOrder::Cordon, None, NOW).await;
    assert!(matches!(nobody, Err(OrderError::NotFound)));
}

pub async fn a_worker_without_certificate_is_quarantined_by_its_row(store: Store) {
    registered(&store, "worker-a").await.unwrap();
    let order = |order| store.order_worker(id(), order, None, NOW);
    assert!(matches!(order(WorkerOrder::Release).await, Err(OrderError::NotQuarantined)));
    assert!(order(WorkerOrder::Quarantine).await.unwrap().quarantined);
    let entries = store.list_revocations(None, 10).await.unwrap();
    assert_eq!(entries[0].entry.selector.value(), "worker-a");
    assert!(!order(WorkerOrder::Release).await.unwrap().quarantined);
}

pub async fn a_deleted_worker_leaves_its_id_and_no_certificate(store: Store) {
    let row = store.enroll_member(signed(&authority(), &csr(), NOW), profile()).await.unwrap();
    registered(&store, IDENTITY).await.unwrap();
    let audited = store.audited(event("worker.delete"));
    let deleted = audited.delete_worker(id(), Some(worker()), NOW).await.unwrap().unwrap();
    assert_eq!(deleted.revoked.len(), 1);
    assert!(store.certificate(row.serial).await.unwrap().unwrap().revoked_at.is_some());
    assert!(audited.delete_worker(id(), Some(worker()), NOW).await.unwrap().is_none());
    assert_eq!(store.audit_head().await.unwrap().seq, 1, "what did not happen is not recorded");
    registered(&store, "spiffe://carnet.local/worker/other").await.unwrap();
    assert!(matches!(registered(&store, IDENTITY).await, Err(RegisterError::IdTaken)));
}
