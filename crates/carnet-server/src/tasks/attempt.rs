//! Giving a task to the worker that was chosen: lease and ticket, then the call.

use std::time::Duration;

use carnet_authority::audit::{Details, Event, Kind};
use carnet_store::{PlaceError, Placed, Placing, TaskRow};
use carnet_ticket::realm::TicketId;
use carnet_ticket::rpc::{Request, Spawn, SpawnTask, request_id};
use serde_json::{Map, json};

use super::finish::follow_row;
use super::queue::Waiting;
use crate::audit::Trail;
use crate::random;
use crate::routes::shown_id;
use crate::rpc::Callee;
use crate::state::App;

/// How long a worker may take to say that it begins.
const SPAWN_MAX: Duration = Duration::from_secs(10);

/// How long it takes until something is tried again that the store refused.
const AGAIN: Duration = Duration::from_secs(1);

/// Gives `task` to a process of the worker that was chosen. One that does not take it is not asked for a
/// while, which is no attempt.
pub(super) async fn run(app: App, task: Waiting, callee: Callee, instance: String) {
    let Ok(ticket) = random::bytes().map(|bytes| TicketId::new(app.clock().now(), bytes)) else {
        return again(&app, task);
    };
    let placing = Placing {
        task: task.id,
        attempt: task.attempt,
        worker_id: callee.worker_id.clone(),
        instance,
        lease_ttl: app.config().tasks.lease_ttl,
        ticket,
    };
    let store = app.store().audited(event(&app, &placing));
    let placed = match store.place_task(placing, app.clock().now()).await {
        Ok(placed) => placed,
        // It was cancelled while a worker was chosen for it.
        Err(PlaceError::NotPending) => return follow_row(&app, task.id).await,
        Err(error) => {
            tracing::error!(%error, task = %task.id, "a task was not placed; it is tried again");
            return again(&app, task);
        }
    };
    app.tasks().tell(task.id);
    let request = spawn(&app, &callee, &placed);
    let Err(error) = app.tasks().rpc.call(&app, &callee, &request, SPAWN_MAX).await else {
        return app.tasks().queue.lock().is_well(&callee.worker_id);
    };
    tracing::info!(
        %error,
        source = ?std::error::Error::source(&error),
        task = %task.id,
        worker = %callee.worker_id,
        "a worker did not take a task"
    );
    metrics::counter!("carnet_task_attempts_total", "result" => "refused").increment(1);
    let now = app.clock().now();
    app.tasks().queue.lock().rest(callee.worker_id, now);
    match app.store().unplace_task(task.id, task.attempt, now).await {
        Ok(Some(row)) => {
            end_ticket(&app, placed.row.ticket).await;
            app.tasks().queue.lock().wait_again(task);
            app.tasks().tell(row.task.id);
            app.tasks().wake.notify_one();
        }
        // It has begun after all, or is over.
        Ok(None) => {}
        Err(error) => {
            tracing::error!(%error, task = %task.id, "a task was not taken back; its lease runs out");
        }
    }
}

/// A ticket was made, for whom.
fn event(app: &App, placing: &Placing) -> Event {
    let trail = Trail::of_server(app.clock().now(), "tasks");
    let mut event = trail.event(Kind::Task, "task.place", &placing.task.to_string());
    event.details = Details::new(Map::from_iter([
        ("attempt".to_owned(), placing.attempt.into()),
        ("worker_id".to_owned(), placing.worker_id.as_str().into()),
        ("ticket".to_owned(), shown_id(&placing.ticket).into()),
    ]));
    event
}

/// The call by which a worker is asked to begin.
fn spawn(app: &App, callee: &Callee, placed: &Placed) -> Request {
    let Placed { row, lease } = placed;
    let (id, spec) = (row.task.id.to_string(), &row.task.spec);
    let params = Spawn {
        sandbox_id: id.clone(),
        image: spec.image.clone(),
        provider: spec.provider.clone(),
        network: Some(spec.network.clone()),
        memory_mb: 0,
        vcpus: 0,
        owner_id: Some(row.task.created_by.clone()),
        ttl: format!("{}ms", spec.timeout_ms),
        task: Some(spawn_task(app, row)),
    };
    Request {
        id: request_id("spawn", &id, lease.generation),
        method: "worker.spawn".to_owned(),
        worker_id: callee.worker_id.to_string(),
        lease: Some(lease.to_json()),
        params: Some(json!(params)),
    }
}

fn spawn_task(app: &App, row: &TaskRow) -> SpawnTask {
    let spec = &row.task.spec;
    SpawnTask {
        capability: spec.capability.to_string(),
        attempt: row.life.attempt,
        params: spec.params.clone(),
        input: spec.input.clone(),
        realm: row.task.realm.to_string(),
        realm_url: app.url(),
        // A task that was placed has both.
        ticket: row.ticket.map(|ticket| ticket.to_string()).unwrap_or_default(),
        output_bytes: spec.output_bytes,
        deadline: row.deadline.unwrap_or(row.pending_since).to_string(),
    }
}

/// Has a task wait for another try, which the store or the machine did not allow now.
fn again(app: &App, mut task: Waiting) {
    task.since = app.clock().now().after(AGAIN);
    app.tasks().queue.lock().wait_again(task);
}

/// Ends what lives under a ticket whose row is over.
pub(super) async fn end_ticket(app: &App, ticket: Option<TicketId>) {
    let Some(ticket) = ticket else { return };
    let end = carnet_ticket::verify::RowEnd::Revoked;
    if let Err(error) = app.realms().ended(ticket, end).await {
        tracing::error!(%error, "what lives under the ticket of an attempt was not ended; it is tried again");
    }
}
