//! What workers say of the tasks that they have.

use carnet_authority::audit::Event;
use carnet_store::ReportError;
use carnet_ticket::identity::WorkerId;
use carnet_ticket::task::{LeaseMark, Report, TaskId};

use super::finish::settle;
use crate::state::App;

/// Takes down what the worker of a task says of it, under its lease.
pub(crate) async fn report(
    app: &App,
    (id, worker): (TaskId, WorkerId),
    mark: LeaseMark,
    report: Report,
    event: Event,
) -> Result<(), ReportError> {
    let result = match &report {
        Report::Succeeded => Some("succeeded"),
        Report::Failed { .. } => Some("failed"),
        _ => None,
    };
    let (store, now) = (app.store().audited(event), app.clock().now());
    let reported = store.report_task(id, worker, mark, report, now).await?;
    if reported.has_ended {
        settle(app, &reported.row, reported.withdrawn).await;
    } else {
        app.tasks().tell(id);
    }
    if let Some(result) = result {
        metrics::counter!("carnet_task_attempts_total", "result" => result).increment(1);
    }
    Ok(())
}
