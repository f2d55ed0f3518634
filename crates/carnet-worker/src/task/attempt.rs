//! [`Attempt`]: one attempt at a task, from its start to its end.

use std::sync::Arc;
use std::time::Duration;

use carnet_gate::Clock;
use carnet_ticket::identity::CapabilityId;
use carnet_ticket::task::{Report, TaskId};
use carnet_ticket::time::Timestamp;
use tokio::sync::oneshot;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::deliver::deliver;
use super::reporter::Reporter;
use super::tenure::Tenure;
use super::voice::{Log, Said, fitting};
use super::{AnyHandler, TaskContext, TaskError};
use crate::capability::is_error_code;
use crate::control_plane::ControlPlane;
use crate::pause::within;

/// How long a handler has to end once nobody wants its task any more.
const GRACE: Duration = Duration::from_secs(5);

/// An attempt that is going on, for whoever asks about it.
pub(crate) struct Attempt {
    pub(crate) task: TaskId,
    pub(crate) capability: CapabilityId,
    pub(crate) log: Arc<Log>,
    pub(super) tenure: Tenure,
    /// Nobody wants it any more.
    pub(super) unwanted: CancellationToken,
    /// Its handler is to end.
    pub(super) cancelled: CancellationToken,
    /// It is over.
    pub(crate) over: CancellationToken,
}

/// What an attempt is made of beside.
pub(super) struct Work {
    pub(super) handler: Arc<dyn AnyHandler>,
    pub(super) context: TaskContext,
    pub(super) said: Said,
    pub(super) deadline: Timestamp,
    /// The worker ends: the attempt is given up, and somebody told so.
    pub(super) stopping: CancellationToken,
}

/// Good work, or why there is none, or a panic.
type Done = Result<Result<(), TaskError>, JoinError>;

impl Attempt {
    /// `running`, or `cancelling` once its handler was told to end.
    pub(crate) fn state(&self) -> &'static str {
        if self.cancelled.is_cancelled() { "cancelling" } else { "running" }
    }

    /// Does the work, keeps the lease and reports, until one of them is over.
    pub(super) async fn run(&self, work: Work, control: &ControlPlane, clock: &Clock) {
        let Work { handler, context, said, deadline, stopping } = work;
        let lease = self.tenure.lease();
        let reporter = Reporter { control, clock, task: self.task, lease, said };
        // A task of its own, so that a panic is its own too.
        let mut doing = AbortOnDropHandle::new(tokio::spawn(done(handler, context)));
        let told = async {
            let (tell, last) = oneshot::channel();
            let finishing = async {
                let done = tokio::select! {
                    done = &mut doing => Some(done),
                    () = stopping.cancelled() => {
                        self.cancelled.cancel();
                        within(clock, GRACE, &mut doing).await
                    }
                };
                let report = report(done, stopping.is_cancelled());
                let result = result(&report);
                // Nobody listens where the lease was lost meanwhile.
                let _ = tell.send(report);
                Ok(result)
            };
            tokio::try_join!(finishing, reporter.run(last)).map(|(result, ())| result)
        };
        let result = tokio::select! {
            told = told => told.unwrap_or("stale"),
            () = self.tenure.keep(control, clock) => "stale",
            () = self.unwanted.cancelled() => "cancelled",
            () = clock.sleep_until(deadline) => "expired",
        };
        self.cancelled.cancel();
        let had_grace = stopping.is_cancelled() || doing.is_finished();
        if !had_grace && within(clock, GRACE, &mut doing).await.is_none() {
            tracing::warn!(task = %self.task, "a handler that did not end was dropped");
        }
        metrics::counter!("carnet_task_attempts_total", "result" => result).increment(1);
        tracing::info!(task = %self.task, capability = %self.capability, result, "an attempt is over");
    }
}

/// Runs the handler, and stores what it gives.
async fn done(handler: Arc<dyn AnyHandler>, context: TaskContext) -> Result<(), TaskError> {
    let output = handler.start(context.clone()).await?;
    let order = &context.0;
    deliver(&order.realm, output, &order.written, &order.clock).await
}

/// What is told of the end. A handler that was told to end because the worker does, and gave nothing, was not at
/// fault.
fn report(done: Option<Done>, is_stopping: bool) -> Report {
    let error = match done {
        Some(Ok(Ok(()))) => return Report::Succeeded,
        Some(Ok(Err(error))) if !is_stopping => error,
        Some(Err(error)) if error.is_panic() => {
            TaskError::new("HANDLER_PANICKED", "the handler panicked")
        }
        _ => TaskError::new("WORKER_STOPPED", "the worker ended before the task did").retryable(),
    };
    let is_code = is_error_code(&error.code);
    Report::Failed {
        code: if is_code { error.code } else { "INVALID_CODE".to_owned() },
        message: fitting(&error.message).to_owned(),
        retryable: error.retryable,
    }
}

fn result(report: &Report) -> &'static str {
    match report {
        Report::Succeeded => "succeeded",
        Report::Failed { retryable: true, .. } => "failed_retryable",
        _ => "failed",
    }
}
