//! The loop that gives waiting tasks to workers, and takes tasks from workers that are gone.

use std::collections::BTreeSet;
use std::time::Duration;

use carnet_store::{End, StoreError, TaskFault, TaskRow};
use carnet_ticket::identity::WorkerId;
use carnet_ticket::task::TaskId;

use futures::StreamExt as _;

use super::attempt;
use super::finish::{end_by_itself, lose};
use super::policy::Decision;
use crate::registry::{Placement, Want, WorkerState};
use crate::rpc::Callee;
use crate::state::App;

/// How often it is looked for what is over.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Tasks that are ended at a time.
const AT_ONCE: usize = 64;

/// Rows read at a time.
const PAGE: u32 = 1000;

/// Takes in what was there before this start. Whoever had a task may go on with it while its lease lasts.
pub(crate) async fn recover(app: &App) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let page = app.store().unfinished_tasks(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.seq;
        for row in &page {
            let slot = row.worker_id.as_ref().filter(|_| row.life.state.is_active());
            let slot = slot.and_then(|id| app.registry().occupy(id, &row.task.spec.capability));
            app.tasks().queue.lock().recover(row, slot);
        }
    }
}

/// Places and looks, until the server drains.
pub(crate) async fn schedule(app: App) {
    let mut looked = app.clock().now();
    loop {
        place_all(&app);
        tokio::select! {
            () = app.tasks().wake.notified() => {}
            () = app.registry().changed().notified() => {}
            () = app.clock().sleep_until(looked.after(LOOK_INTERVAL)) => {}
            () = app.draining().cancelled() => return,
        }
        take_from_the_gone(&app).await;
        if app.clock().now() >= looked.after(LOOK_INTERVAL) {
            looked = app.clock().now();
            if let Err(error) = look(&app).await {
                tracing::error!(%error, "it was not seen which tasks are over; it is looked again");
            }
        }
    }
}

/// Gives every task that waits to a worker, as far as there are any.
fn place_all(app: &App) {
    let (wants, resting) = {
        let queue = app.tasks().queue.lock();
        (queue.wants(), queue.resting(app.clock().now()))
    };
    for want in wants {
        place_alike(app, &want, &resting);
    }
}

/// Gives tasks that ask the same to workers, the oldest first, until there is none for one of them.
fn place_alike(app: &App, want: &Want, resting: &BTreeSet<WorkerId>) {
    let (now, config) = (app.clock().now(), app.config());
    let lost_after = config.registry.lost_after;
    let mut after = 0;
    loop {
        let next = app.tasks().queue.lock().next(want, after, now).cloned();
        let Some(task) = next else { return };
        after = task.seq;
        if Decision::of(&task.spec, &config).denied().is_some() {
            let app = app.clone();
            tokio::spawn(async move { end_by_itself(&app, task.id, End::Forbidden).await });
            continue;
        }
        let placement = app.registry().place(want, &task.failed_on, resting, lost_after);
        let Some(placement) = placement else { return };
        let Placement { worker_id, identity, rpc_url, instance, slot } = placement;
        {
            let mut queue = app.tasks().queue.lock();
            // It may have been cancelled just now.
            let Some(task) = queue.take(want, task.seq) else { continue };
            queue.activate(task.id, task.attempt, worker_id.clone(), Some(slot));
        }
        let callee = Callee { worker_id, identity, rpc_url };
        tokio::spawn(attempt::run(app.clone(), task, callee, instance));
    }
}

/// Takes tasks from workers that are lost or quarantined.
async fn take_from_the_gone(app: &App) {
    let lost_after = app.config().registry.lost_after;
    let workers = app.tasks().queue.lock().workers();
    for worker in workers {
        let code = match app.registry().state(&worker, lost_after) {
            Some(WorkerState::Quarantined) => {
                if let Some(worker) = app.registry().worker(&worker) {
                    app.tasks().rpc.forget(&worker.row.identity);
                }
                "worker_quarantined"
            }
            Some(WorkerState::Lost) | None => "worker_lost",
            Some(_) => continue,
        };
        let tasks = app.tasks().queue.lock().at(&worker);
        // The writer commits them together.
        futures::stream::iter(tasks)
            .for_each_concurrent(AT_ONCE, |(id, attempt)| lose(app, id, attempt, fault(code)))
            .await;
    }
}

/// Ends what took too long or waited too long, and takes back what is held under a lease that has run out.
async fn look(app: &App) -> Result<(), StoreError> {
    let now = app.clock().now();
    let overdue = app.store().overdue_tasks(now, PAGE).await?;
    let end = async |row: TaskRow| {
        let ends = [row.deadline, row.task.caller_expires_at];
        if ends.into_iter().flatten().any(|end| end <= now) {
            end_by_itself(app, row.task.id, End::Expired).await;
        } else {
            lose(app, row.task.id, row.life.attempt, fault("lease_expired")).await;
        }
    };
    futures::stream::iter(overdue).for_each_concurrent(AT_ONCE, end).await;
    let (waiting, active) = app.tasks().queue.lock().counts();
    metrics::gauge!("carnet_tasks", "state" => "pending").set(f64::from(waiting));
    metrics::gauge!("carnet_tasks", "state" => "active").set(f64::from(active));
    let since = now.before(app.config().tasks.pending_timeout);
    let tired: Vec<TaskId> = app.tasks().queue.lock().tired(since);
    futures::stream::iter(tired)
        .for_each_concurrent(AT_ONCE, |id| end_by_itself(app, id, End::NoWorker))
        .await;
    Ok(())
}

/// Why a task was taken from its worker.
fn fault(code: &str) -> TaskFault {
    let message = match code {
        "worker_quarantined" => "its worker was put out of the fleet",
        "worker_lost" => "its worker has gone, or was not heard for too long",
        _ => "its worker let the lease run out",
    };
    TaskFault { code: code.to_owned(), message: message.to_owned(), retryable: true }
}
