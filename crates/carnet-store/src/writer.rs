//! [`Writer`]: one connection that writes, and commits what is waiting together.
//!
//! It has a thread of its own, which waits for the disk and keeps nobody else waiting.

use std::error::Error;
use std::sync::Arc;

use carnet_gate::Clock;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::audit::ChainEnd;
use crate::error::{Cause, StoreError};
use crate::sql;

/// How many operations may wait.
const QUEUE: usize = 4096;

/// How many operations share a commit at most.
const BATCH: usize = 256;

const BEGIN: &str = "BEGIN IMMEDIATE";
const BEGIN_SHARED: &str = "BEGIN IMMEDIATE; SAVEPOINT operation";
const KEEP: &str = "RELEASE operation; SAVEPOINT operation";
const UNDO: &str = "ROLLBACK TO operation";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";
/// Gives some free pages back. A log that was copied whole cuts the file to its new length.
const SHRINK: &str = "PRAGMA incremental_vacuum(1000)";
const FREE_PAGES: &str = "PRAGMA freelist_count";
const CHECKPOINT: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// What an operation left behind: whether to keep what it did, what of the database made it fail, and how to
/// answer once it is durable.
struct Step {
    is_kept: bool,
    fault: Option<StoreError>,
    answer: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

/// Runs on the connection, or is told why it cannot.
type Job = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Step + Send>;

enum Message {
    Job(Job),
    Shrink(oneshot::Sender<Result<bool, StoreError>>),
    Close(oneshot::Sender<()>),
}

/// Sends operations to the thread that runs them.
pub(crate) struct Writer(mpsc::Sender<Message>);

impl Writer {
    /// Starts the thread. It ends when the writer is closed or dropped, after what is waiting; until its
    /// connection is closed it keeps `lock`.
    pub(crate) fn start(
        connection: Connection,
        lock: impl Send + 'static,
        chain_end: ChainEnd,
    ) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        std::thread::Builder::new()
            .name("carnet-store".to_owned())
            .spawn(move || serve(connection, receiver, lock, &chain_end))
            .map_err(|error| StoreError::from(Arc::new(Cause::File(error))))?;
        Ok(Self(sender))
    }

    /// Runs `operation` in the next transaction and answers when it is durable. A caller that goes away does
    /// not undo it.
    pub(crate) async fn run<T, E, F>(&self, operation: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Error + From<StoreError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = connection.map_err(E::from).and_then(operation);
            let is_kept = result.is_ok();
            let fault = result.as_ref().err().and_then(fault_of);
            let answer = move |committed: Result<(), StoreError>| {
                // Its own failure says more than what that did to the transaction. Nobody may be waiting any more.
                let _ =
                    sender.send(result.and_then(|done| committed.map(|()| done).map_err(E::from)));
            };
            Step { is_kept, fault, answer: Box::new(answer) }
        });
        self.0.send(Message::Job(job)).await.map_err(|_| StoreError::Closed)?;
        receiver.await.map_err(|_| StoreError::Closed)?
    }

    /// Gives some of the pages that are free back to the file system, between transactions; whether that was all.
    pub(crate) async fn shrink(&self) -> Result<bool, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.0.send(Message::Shrink(sender)).await.map_err(|_| StoreError::Closed)?;
        receiver.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs what is waiting, then closes the connection.
    pub(crate) async fn close(&self) {
        let (sender, receiver) = oneshot::channel();
        if self.0.send(Message::Close(sender)).await.is_ok() {
            let _ = receiver.await;
        }
    }
}

fn serve(
    connection: Connection,
    mut messages: mpsc::Receiver<Message>,
    lock: impl Send,
    chain_end: &ChainEnd,
) {
    let mut closed = None;
    while closed.is_none() {
        let Some(first) = messages.blocking_recv() else { break };
        let (mut jobs, mut shrinks) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Job(job) => jobs.push(job),
                Message::Shrink(sender) => shrinks.push(sender),
                Message::Close(sender) => closed = Some(sender),
            }
            next = if jobs.len() < BATCH && closed.is_none() {
                messages.try_recv().ok()
            } else {
                None
            };
        }
        if !jobs.is_empty() {
            commit_together(&connection, jobs, chain_end);
        }
        for sender in shrinks {
            // Nobody may be waiting any more.
            let _ = sender.send(shrink(&connection));
        }
    }
    if let Err((_, error)) = connection.close() {
        tracing::warn!(%error, "the database did not close cleanly");
    }
    drop(lock);
    if let Some(sender) = closed {
        let _ = sender.send(());
    }
}

fn shrink(connection: &Connection) -> Result<bool, StoreError> {
    let free = || sql::one(connection, FREE_PAGES, [], |row| Ok(row.get::<_, i64>(0)?));
    let before = free()?;
    // Each row is a page.
    sql::all(connection, SHRINK, [], |_| Ok(()))?;
    let left = free()?;
    // A database that was made without room for this keeps its pages.
    let is_done = left == Some(0) || left == before;
    if is_done {
        sql::all(connection, CHECKPOINT, [], |_| Ok(()))?;
    }
    Ok(is_done)
}

/// Runs `jobs` in one transaction, commits, and answers each.
fn commit_together(connection: &Connection, jobs: Vec<Job>, chain_end: &ChainEnd) {
    let stopwatch = Clock::System.stopwatch();
    metrics::histogram!("carnet_store_batch_rows")
        .record(u32::try_from(jobs.len()).unwrap_or(u32::MAX));
    let is_shared = jobs.len() > 1;
    let mut steps = Vec::with_capacity(jobs.len());
    let mut state = execute(connection, if is_shared { BEGIN_SHARED } else { BEGIN });
    for job in jobs {
        let step = match &state {
            Ok(()) => job(Ok(connection)),
            Err(error) => job(Err(error.clone())),
        };
        if !step.is_kept {
            chain_end.forget();
        }
        if is_shared && state.is_ok() {
            state = settle(connection, &step);
        }
        steps.push(step);
    }
    let is_any_kept = steps.iter().any(|step| step.is_kept);
    if is_any_kept && state.is_ok() {
        state = execute(connection, COMMIT);
    }
    if !is_any_kept || state.is_err() {
        // What the database has undone by itself need not be undone: then this fails, and nothing is wrong.
        let _ = execute(connection, ROLLBACK);
    }
    if let Err(error) = &state {
        chain_end.forget();
        tracing::error!(%error, operations = steps.len(), "a transaction failed; nothing of it was kept");
    }
    metrics::histogram!("carnet_store_commit_seconds").record(stopwatch.elapsed());
    for step in steps {
        (step.answer)(state.clone());
    }
}

/// Keeps what a job did, or undoes it and nothing else. When that fails, what made the job fail has ended the
/// whole transaction, and is what the others have to hear.
fn settle(connection: &Connection, step: &Step) -> Result<(), StoreError> {
    let settled = execute(connection, if step.is_kept { KEEP } else { UNDO });
    settled.map_err(|error| step.fault.clone().unwrap_or(error))
}

/// What the database said, below an operation's own error.
fn fault_of(error: &impl Error) -> Option<StoreError> {
    let said = error.source()?.downcast_ref::<Arc<Cause>>()?;
    Some(StoreError::from(Arc::clone(said)))
}

fn execute(connection: &Connection, statements: &str) -> Result<(), StoreError> {
    Ok(connection.execute_batch(statements)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database that may not grow any further says so; what was acknowledged stays, what was not is not there.
    #[tokio::test]
    async fn a_full_disk_is_told_and_what_was_acknowledged_stays() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("db");
        let connection = Connection::open(&file).unwrap();
        execute(&connection, "CREATE TABLE t (n INTEGER PRIMARY KEY, pad BLOB) STRICT").unwrap();
        connection.pragma_update(None, "max_page_count", 40).unwrap();
        let writer = Writer::start(connection, (), ChainEnd::default()).unwrap();
        let insert = |n: i64| {
            writer.run::<_, StoreError, _>(move |connection| {
                connection.execute("INSERT INTO t (n, pad) VALUES (?1, zeroblob(2000))", [n])?;
                Ok(())
            })
        };
        let mut acknowledged = Vec::new();
        let mut is_full = false;
        for first in (0..200).step_by(4) {
            let results = futures::future::join_all((first..first + 4).map(|n| insert(n))).await;
            for (n, result) in (first..).zip(results) {
                match result {
                    Ok(()) => acknowledged.push(n),
                    // SQLite may undo the whole transaction then: those that shared it hear the same.
                    Err(StoreError::Full(_)) => is_full = true,
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
        assert!(is_full && !acknowledged.is_empty());
        writer.close().await;
        let connection = Connection::open(&file).unwrap();
        let mut rows = connection.prepare("SELECT n FROM t ORDER BY n").unwrap();
        let rows = rows.query_map([], |row| row.get(0)).unwrap();
        assert_eq!(rows.collect::<Result<Vec<i64>, _>>().unwrap(), acknowledged);
    }
}
