//! Tasks that a worker does.

mod content;
mod ends;
mod leases;
mod reports;

use carnet_worker::{
    CapabilityDefinition, TaskContext, TaskError, TaskHandler, TaskOutput, WorkerApplication,
};

/// A handler of `test.do` that does what it is told to.
pub struct Does<F>(pub F);

impl<F, Fut> TaskHandler for Does<F>
where
    F: Fn(TaskContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<TaskOutput, TaskError>> + Send,
{
    fn capability(&self) -> CapabilityDefinition {
        CapabilityDefinition::new(DO, "1.0.0")
    }

    async fn run(&self, task: TaskContext) -> Result<TaskOutput, TaskError> {
        (self.0)(task).await
    }
}

/// What the handlers of the tests do.
pub const DO: &str = "test.do";

/// A worker that does this.
pub fn doing<F, Fut>(does: F) -> impl FnOnce(WorkerApplication) -> WorkerApplication
where
    F: Fn(TaskContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<TaskOutput, TaskError>> + Send + 'static,
{
    |worker| worker.task(Does(does))
}

/// One that goes on until it is told to end.
pub async fn until_cancelled(task: TaskContext) -> Result<TaskOutput, TaskError> {
    task.cancelled().await;
    Err(TaskError::new("CANCELLED", "told to end"))
}
