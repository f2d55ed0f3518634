//! The audit chain in a file that somebody else has written to.

use std::path::Path;

use carnet_authority::audit::{Fault, FirstFault, Report, Status};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use tempfile::TempDir;

use crate::contract::{self, audit};
use crate::sqlite::{change_in, open};

/// A database with five events, and checkpoints behind the third and the last.
async fn with_events() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    let third = audit::record_and_checkpoint(&store, 1..=3, 0).await;
    audit::record_and_checkpoint(&store, 4..=5, third.seq).await;
    store.close().await;
    directory
}

/// What is said of the chain after `change`.
async fn verify_after(directory: &Path, change: &str) -> Report {
    change_in(&directory.join("carnet.db"), change);
    let store = open(directory).unwrap();
    let report = store.verify_audit(audit::verifier()).await.unwrap();
    store.close().await;
    report
}

#[tokio::test]
async fn a_change_whose_row_cannot_be_written_does_not_happen() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).unwrap().close().await;
    let refuse =
        "CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END";
    change_in(&directory.path().join("carnet.db"), refuse);
    let store = open(directory.path()).unwrap();
    contract::audit::a_change_whose_row_cannot_be_written_does_not_happen(store).await;
}

#[tokio::test]
async fn a_chain_verifies_after_reopening_and_goes_on() {
    let directory = with_events().await;
    let store = open(directory.path()).unwrap();
    assert_eq!(store.record(audit::event(6)).await.unwrap().seq, 6);
    let report = store.verify_audit(audit::verifier()).await.unwrap();
    assert_eq!((report.status, report.rows, report.checkpoints), (Status::Ok, 6, 2));
}

#[tokio::test]
async fn no_column_of_a_row_can_change_by_a_bit() {
    let directory = with_events().await;
    let file = directory.path().join("carnet.db");
    let pristine = std::fs::read(&file).unwrap();
    let columns = [
        "canonical",
        "prev_hash",
        "hash",
        "at",
        "kind",
        "actor",
        "action",
        "outcome",
        "status",
        "path",
        "tenant_id",
        "request_id",
    ];
    for column in columns {
        for bit in [0, 1, 5] {
            std::fs::write(&file, &pristine).unwrap();
            let select = format!("SELECT {column} FROM audit WHERE seq = 3");
            let changed = Connection::open(&file).unwrap().query_row(&select, [], |row| {
                Ok(match row.get_ref(0)? {
                    ValueRef::Integer(number) => (number ^ 1 << bit).to_string(),
                    value => {
                        let mut bytes = value.as_bytes().unwrap().to_vec();
                        *bytes.last_mut().unwrap() ^= 1 << bit;
                        format!("CAST(x'{}' AS {})", hex::encode(bytes), value.data_type())
                    }
                })
            });
            let changed = changed.unwrap();
            let change = format!("UPDATE audit SET {column} = {changed} WHERE seq = 3");
            let report = verify_after(directory.path(), &change).await;
            let expected = Some(FirstFault { seq: 3, fault: Fault::HashMismatch });
            assert_eq!(report.first_fault, expected, "{change}");
        }
    }
}

#[tokio::test]
async fn every_other_change_is_found_and_its_place_named() {
    let copy = "canonical, prev_hash, hash, at, kind, actor, action, outcome, status, path, tenant_id, request_id";
    let changes = [
        ("DELETE FROM audit WHERE seq = 2".to_owned(), 2, Fault::Gap),
        ("DELETE FROM audit WHERE seq = 1".to_owned(), 1, Fault::Gap),
        ("DELETE FROM audit WHERE seq = 5".to_owned(), 5, Fault::Truncated),
        ("DELETE FROM audit".to_owned(), 1, Fault::Truncated),
        (
            "UPDATE audit SET seq = -seq WHERE seq IN (1, 3); UPDATE audit SET seq = 4 + seq WHERE seq < 0"
                .to_owned(),
            1,
            Fault::Reordered,
        ),
        ("UPDATE audit SET seq = 4098 WHERE seq = 2".to_owned(), 2, Fault::Reordered),
        ("UPDATE audit SET seq = -2 WHERE seq = 2".to_owned(), 1, Fault::HashMismatch),
        (
            format!("INSERT INTO audit (seq, {copy}) SELECT 6, {copy} FROM audit WHERE seq = 2"),
            6,
            Fault::HashMismatch,
        ),
        ("UPDATE audit SET tenant_id = NULL WHERE seq = 1".to_owned(), 1, Fault::HashMismatch),
        (
            "UPDATE audit_checkpoints SET seq = 2 WHERE seq = 3".to_owned(),
            2,
            Fault::CheckpointMismatch,
        ),
        ("UPDATE audit_checkpoints SET jws = jws || 'A'".to_owned(), 3, Fault::BadSignature),
    ];
    for (change, seq, fault) in changes {
        let directory = with_events().await;
        let report = verify_after(directory.path(), &change).await;
        assert_eq!(report.first_fault, Some(FirstFault { seq, fault }), "{change}");
    }
}
