//! Tasks: a lease, a ticket and a state that move together.

use std::collections::BTreeMap;
use std::time::Duration;

use carnet_store::{
    End, EndTaskError, Inserted, Leasing, NewTask, PlaceError, Placed, Placing, ReportError, Store,
    TaskFault, TaskFilter, TaskRow, TaskSpec, TicketStatus,
};
use carnet_ticket::identity::{Version, WorkerId};
use carnet_ticket::realm::NodeKey;
use carnet_ticket::task::{LeaseMark, Report, TaskId, TaskState};
use carnet_ticket::time::Timestamp;
use serde_json::{Map, json};

use super::leases::leasing;
use super::{NOW, node, put, realm, ticket_id};

const LEASE: Duration = Duration::from_secs(30);

fn at(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

fn id(number: u8) -> TaskId {
    TaskId::new(NOW, [number; 10])
}

pub fn new_task(number: u8) -> NewTask {
    let spec = TaskSpec {
        capability: "image.thumbnail".parse().unwrap(),
        version: Version::FIRST,
        verb: None,
        image: "image.thumbnail@1.0.0".to_owned(),
        provider: "task".to_owned(),
        network: "none".to_owned(),
        input: vec![NodeKey::of(b"picture")],
        params: Map::new(),
        labels: BTreeMap::new(),
        requires_gpu: false,
        timeout_ms: 300_000,
        output_bytes: 1 << 20,
        max_attempts: 2,
    };
    NewTask {
        id: id(number),
        spec,
        realm: realm(),
        created_by: "user:local".to_owned(),
        tenant_id: None,
        caller_expires_at: None,
        created_at: NOW,
    }
}

async fn made(store: &Store, number: u8) -> TaskRow {
    match store.insert_task(new_task(number), None).await.unwrap() {
        Inserted::New(row) => *row,
        other => panic!("{other:?}"),
    }
}

fn worker(name: &str) -> WorkerId {
    name.parse().unwrap()
}

fn placing(number: u8, attempt: u32, name: &str) -> Placing {
    let ticket = ticket_id(number * 10 + u8::try_from(attempt).unwrap());
    Placing {
        task: id(number),
        attempt,
        worker_id: worker(name),
        instance: format!("{name}-1"),
        lease_ttl: LEASE,
        ticket,
    }
}

async fn placed(store: &Store, placing: Placing, now: Timestamp) -> Placed {
    store.place_task(placing, now).await.unwrap()
}

fn mark(placed: &Placed) -> LeaseMark {
    placed.lease.mark()
}

async fn kinds(store: &Store, task: TaskId) -> Vec<String> {
    let events = store.task_events(task, 0, 1000).await.unwrap();
    let name = |event: &carnet_store::TaskEvent| match event.data["state"].as_str() {
        Some(state) => format!("{}:{state}", event.data["attempt"]),
        None => event.kind.clone(),
    };
    events.iter().map(name).collect()
}

/// Promise: K-58
pub async fn a_task_goes_from_asked_for_to_done(store: Store) {
    let row = made(&store, 1).await;
    assert_eq!((row.life.state, row.life.attempt), (TaskState::Pending, 1));
    let given = placed(&store, placing(1, 1, "a"), at(1)).await;
    assert_eq!(given.row.deadline, Some(at(301)));
    let ticket = store.ticket(&given.row.ticket.unwrap()).await.unwrap().unwrap();
    assert_eq!(ticket.ticket.input, Some(vec![NodeKey::of(b"picture")]));
    assert_eq!(ticket.ticket.quota, Some(1 << 20));
    assert_eq!(ticket.ticket.expires_at, at(361));
    let say = |report| store.report_task(id(1), worker("a"), mark(&given), report, at(2));
    say(Report::Started).await.unwrap();
    say(Report::Progress { fraction: 7.5, message: "half".to_owned() }).await.unwrap();
    say(Report::Log { message: "a line".to_owned() }).await.unwrap();
    let output = node(b"thumbnail", &[]);
    let key = output.key;
    put(&store, output).await;
    store.commit_ticket(ticket.ticket.id, key, at(3)).await.unwrap();
    let done = say(Report::Succeeded).await.unwrap().row;
    assert_eq!((done.life.state, done.output), (TaskState::Succeeded, Some(key)));
    assert_eq!(
        kinds(&store, id(1)).await,
        ["1:pending", "1:placed", "1:running", "progress", "log", "1:succeeded", "end"]
    );
    assert!(done.progress.unwrap().fraction >= 1.0, "it is cut");
    let next = Leasing { resource_id: id(1).to_string(), ..leasing("another") };
    assert!(store.acquire_lease(next, LEASE, at(3)).await.is_ok(), "nobody holds it");
    let again = say(Report::Succeeded).await;
    assert!(matches!(again, Err(ReportError::StaleLease)));
    assert_eq!(store.unfinished_tasks(0, 10).await.unwrap(), []);
}

/// Promise: K-61
pub async fn a_key_makes_one_task(store: Store) {
    let insert = |number, key: &str, digest| {
        store.insert_task(new_task(number), Some((key.to_owned(), [digest; 32])))
    };
    assert!(matches!(insert(1, "k", 1).await.unwrap(), Inserted::New(_)));
    match insert(2, "k", 1).await.unwrap() {
        Inserted::Same(row) => assert_eq!(row.task.id, id(1)),
        other => panic!("{other:?}"),
    }
    assert!(matches!(insert(3, "k", 2).await.unwrap(), Inserted::Other));
    assert!(matches!(insert(4, "l", 1).await.unwrap(), Inserted::New(_)));
    let all = store.list_tasks(TaskFilter::default(), None, 10).await.unwrap();
    let ids: Vec<_> = all.iter().map(|row| row.task.id).collect();
    assert_eq!(ids, [id(4), id(1)]);
    store.sweep_idempotency_keys(at(86_401)).await.unwrap();
    assert!(matches!(insert(5, "k", 2).await.unwrap(), Inserted::New(_)));
}

/// Promise: K-48, K-59
pub async fn an_attempt_that_was_taken_away_says_nothing_any_more(store: Store) {
    made(&store, 1).await;
    let first = placed(&store, placing(1, 1, "a"), at(0)).await;
    let lost =
        TaskFault { code: "worker_lost".to_owned(), message: String::new(), retryable: true };
    let (row, ticket) = store.lose_task(id(1), 1, lost.clone(), at(10)).await.unwrap().unwrap();
    assert_eq!((row.life.state, row.life.attempt), (TaskState::Pending, 2));
    assert_eq!(row.pending_since, at(11));
    let ticket = store.ticket(&ticket.unwrap()).await.unwrap().unwrap();
    assert_eq!(ticket.status(), TicketStatus::Revoked);
    let commit = store.commit_ticket(ticket.ticket.id, NodeKey::EMPTY_DICT, at(10)).await;
    assert!(commit.is_err());
    let second = placed(&store, placing(1, 2, "a"), at(12)).await;
    assert!(second.lease.generation > first.lease.generation);
    let ttl = Duration::from_secs(30);
    let renew = |placed: &Placed| {
        store.renew_lease(id(1).to_string(), worker("a"), mark(placed), ttl, at(13))
    };
    assert!(renew(&first).await.is_err(), "of the attempt before");
    assert!(renew(&second).await.is_ok());
    for report in [Report::Started, Report::Succeeded] {
        let said = store.report_task(id(1), worker("a"), mark(&first), report, at(13)).await;
        assert!(matches!(said, Err(ReportError::StaleLease)));
    }
    let other_process = LeaseMark { instance: "a-2".to_owned(), ..mark(&second) };
    let said = store.report_task(id(1), worker("a"), other_process, Report::Started, at(13)).await;
    assert!(matches!(said, Err(ReportError::StaleLease)));
    let said = store.report_task(id(1), worker("b"), mark(&second), Report::Started, at(13)).await;
    assert!(matches!(said, Err(ReportError::StaleLease)));
    let late = store.report_task(id(1), worker("a"), mark(&second), Report::Started, at(43)).await;
    assert!(matches!(late, Err(ReportError::StaleLease)));
    // The same loss, reported twice, costs one attempt.
    assert_eq!(store.lose_task(id(1), 1, lost.clone(), at(44)).await.unwrap(), None);
    let (row, _) = store.lose_task(id(1), 2, lost, at(44)).await.unwrap().unwrap();
    assert_eq!(row.life.state, TaskState::Failed);
    assert_eq!(row.error.unwrap().code, "worker_lost");
}

pub async fn a_worker_that_does_not_take_it_counts_for_nothing(store: Store) {
    made(&store, 1).await;
    let first = placed(&store, placing(1, 1, "a"), at(0)).await;
    let row = store.unplace_task(id(1), 1, at(1)).await.unwrap().unwrap();
    assert_eq!((row.life.state, row.life.attempt), (TaskState::Pending, 1));
    let said = store.report_task(id(1), worker("a"), mark(&first), Report::Started, at(2)).await;
    assert!(matches!(said, Err(ReportError::StaleLease)));
    let mut again = placing(1, 1, "b");
    again.ticket = ticket_id(99);
    placed(&store, again, at(2)).await;
    let twice = store.place_task(placing(1, 1, "c"), at(2)).await;
    assert!(matches!(twice, Err(PlaceError::NotPending)));
}

/// Promise: K-58
pub async fn without_an_output_nothing_is_done(store: Store) {
    made(&store, 1).await;
    let given = placed(&store, placing(1, 1, "a"), at(0)).await;
    let said = store.report_task(id(1), worker("a"), mark(&given), Report::Succeeded, at(1)).await;
    assert!(matches!(said, Err(ReportError::NotCommitted)));
    let row = store.task(id(1)).await.unwrap().unwrap();
    assert_eq!(row.life.state, TaskState::Placed);
}

/// Promise: K-60
pub async fn a_task_ends_once(store: Store) {
    made(&store, 1).await;
    let given = placed(&store, placing(1, 1, "a"), at(0)).await;
    let words = Some("enough".to_owned());
    let ended = store.end_task(id(1), End::Cancelled, words, at(1)).await.unwrap();
    assert_eq!(ended.lease, Some(given.lease.clone()));
    let row = ended.row;
    assert_eq!(row.life.state, TaskState::Cancelled);
    assert_eq!(row.error.unwrap().message, "enough");
    let ticket = store.ticket(&row.ticket.unwrap()).await.unwrap().unwrap();
    assert_eq!(ticket.status(), TicketStatus::Revoked);
    let said = store.report_task(id(1), worker("a"), mark(&given), Report::Started, at(2)).await;
    assert!(matches!(said, Err(ReportError::StaleLease)));
    let again = store.end_task(id(1), End::Expired, None, at(2)).await;
    assert!(matches!(again, Err(EndTaskError::Final)));
    let unknown = store.end_task(id(9), End::Cancelled, None, at(2)).await;
    assert!(matches!(unknown, Err(EndTaskError::Unknown)));
}

pub async fn what_is_overdue_is_found(store: Store) {
    made(&store, 1).await;
    made(&store, 2).await;
    placed(&store, placing(1, 1, "a"), at(0)).await;
    let second = placed(&store, placing(2, 1, "b"), at(20)).await;
    let overdue = async |now| {
        let rows = store.overdue_tasks(now, 10).await.unwrap();
        rows.iter().map(|row| row.task.id).collect::<Vec<_>>()
    };
    assert_eq!(overdue(at(29)).await, []);
    assert_eq!(overdue(at(30)).await, [id(1)]);
    let ttl = Duration::from_mins(10);
    let renewed = store
        .renew_lease(id(2).to_string(), worker("b"), mark(&second), ttl, at(40))
        .await
        .unwrap();
    assert_eq!(renewed.generation, 2);
    assert_eq!(overdue(at(319)).await, [id(1)]);
    assert_eq!(overdue(at(320)).await.len(), 2, "its deadline");
    store.unplace_task(id(2), 1, at(41)).await.unwrap();
    assert_eq!(overdue(at(320)).await.len(), 2, "its deadline, while it waits again");
    let of_a_key = NewTask { caller_expires_at: Some(at(5)), ..new_task(3) };
    store.insert_task(of_a_key, None).await.unwrap();
    assert_eq!(overdue(at(4)).await, []);
    assert_eq!(overdue(at(5)).await, [id(3)], "whoever wanted it counts no more");
}

pub async fn of_many_events_the_oldest_line_goes(store: Store) {
    made(&store, 1).await;
    let given = placed(&store, placing(1, 1, "a"), at(0)).await;
    let say = |message: &str| {
        let report = Report::Log { message: message.to_owned() };
        store.report_task(id(1), worker("a"), mark(&given), report, at(1))
    };
    let lines: Vec<_> = (0..10_009).map(|number| number.to_string()).collect();
    for line in futures::future::join_all(lines.iter().map(|line| say(line))).await {
        line.unwrap();
    }
    say("last").await.unwrap();
    let events = store.task_events(id(1), 0, 20_000).await.unwrap();
    assert_eq!(events.len(), 10_000);
    assert_eq!(events[0].data["state"], "pending", "states are never dropped");
    assert_eq!(events.last().unwrap().seq, 10_012);
    let last = store.task_logs(id(1), 1).await.unwrap();
    assert_eq!(last[0].data, json!({ "message": "last" }));
}
