//! Taking tasks from their workers: to try again, or for good. First nobody may work on it any more, then the rest.

use std::time::Duration;

use carnet_authority::audit::{Event, Kind};
use carnet_store::{End, EndTaskError, Ended, StoreError, TaskFault, TaskRow};
use carnet_ticket::realm::TicketId;
use carnet_ticket::rpc::{Request, request_id};
use carnet_ticket::task::{Lease, TaskId};
use serde_json::json;

use super::attempt::end_ticket;
use crate::audit::Trail;
use crate::rpc::Callee;
use crate::state::App;

/// How long a worker may take to hear that a task is over. It is over whether it hears or not.
const DESTROY_MAX: Duration = Duration::from_secs(10);

/// Why a task was not cancelled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CancelError {
    /// There is no such task.
    #[error("there is no such task")]
    Unknown,
    /// It is over.
    #[error("the task is over")]
    Final,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<EndTaskError> for CancelError {
    fn from(error: EndTaskError) -> Self {
        match error {
            EndTaskError::Final => Self::Final,
            EndTaskError::Store(error) => Self::Store(error),
            _ => Self::Unknown,
        }
    }
}

/// Cancels a task. It is over when this returns, whatever its worker says.
pub(crate) async fn cancel(
    app: &App,
    id: TaskId,
    words: Option<String>,
    event: Event,
) -> Result<TaskRow, CancelError> {
    let (store, now) = (app.store().audited(event), app.clock().now());
    let ended = store.end_task(id, End::Cancelled, words, now).await?;
    follow(app, &ended).await;
    Ok(ended.row)
}

/// Ends a task for a reason of its own.
pub(super) async fn end_by_itself(app: &App, id: TaskId, end: End) {
    let (store, now) = (app.store().audited(event(app, id, "task.end")), app.clock().now());
    match store.end_task(id, end, None, now).await {
        Ok(ended) => follow(app, &ended).await,
        Err(EndTaskError::Store(error)) => {
            tracing::error!(%error, task = %id, "a task was not ended; it is tried again");
        }
        // Somebody else was faster, and what is kept of it here may not say so.
        Err(_) => follow_row(app, id).await,
    }
}

/// Brings what is kept of a task in memory up to its row.
pub(super) async fn follow_row(app: &App, id: TaskId) {
    match app.store().task(id).await {
        Ok(Some(row)) => app.tasks().queue.lock().settle(&row),
        Ok(None) => {}
        Err(error) => tracing::error!(%error, task = %id, "a task could not be read"),
    }
}

/// Takes a task from a worker that is gone; it is tried again, if there are attempts left.
pub(super) async fn lose(app: &App, id: TaskId, attempt: u32, fault: TaskFault) {
    let (store, now) = (app.store().audited(event(app, id, "task.lose")), app.clock().now());
    let code = fault.code.clone();
    match store.lose_task(id, attempt, fault, now).await {
        Ok(Some((row, ticket))) => {
            tracing::info!(task = %id, attempt, code, "a task was taken from its worker");
            metrics::counter!("carnet_task_attempts_total", "result" => "lost").increment(1);
            settle(app, &row, ticket).await;
        }
        Ok(None) => {}
        Err(error) => {
            tracing::error!(%error, task = %id, "a task was not taken from its worker; it is tried again");
        }
    }
}

/// What follows the transaction that ended an attempt.
pub(super) async fn settle(app: &App, row: &TaskRow, withdrawn: Option<TicketId>) {
    end_ticket(app, withdrawn).await;
    app.tasks().queue.lock().settle(row);
    app.tasks().tell(row.task.id);
    app.tasks().wake.notify_one();
}

/// What follows the end of a task: the worker that had it is told, if it can be.
async fn follow(app: &App, ended: &Ended) {
    let row = &ended.row;
    metrics::counter!("carnet_task_attempts_total", "result" => row.life.state.as_str())
        .increment(1);
    settle(app, row, row.ticket).await;
    if let Some(lease) = ended.lease.clone() {
        tokio::spawn(destroy(app.clone(), lease));
    }
}

async fn destroy(app: App, lease: Lease) {
    let Some(callee) = Callee::of(&app, &lease.holder) else { return };
    let request = Request {
        id: request_id("destroy", &lease.resource_id, lease.generation),
        method: "worker.destroy".to_owned(),
        worker_id: lease.holder.to_string(),
        lease: Some(lease.to_json()),
        params: Some(json!({ "sandbox_id": lease.resource_id, "provider": "task" })),
    };
    let told = app.tasks().rpc.call(&app, &callee, &request, DESTROY_MAX).await;
    if let Err(error) = told {
        tracing::info!(%error, task = lease.resource_id, "a worker was not told that its task is over");
    }
}

fn event(app: &App, id: TaskId, action: &str) -> Event {
    Trail::of_server(app.clock().now(), "tasks").event(Kind::Task, action, &id.to_string())
}
