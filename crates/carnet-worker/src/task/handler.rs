//! [`TaskHandler`]: does tasks of one capability.

use std::pin::Pin;
use std::sync::Arc;

use super::{TaskContext, TaskError, TaskOutput};
use crate::capability::CapabilityDefinition;

/// Does tasks of one capability.
///
/// A task that is cancelled ([`TaskContext::cancelled`]) has 5 seconds to end; then its future is dropped where it
/// waits. Work that takes long without waiting belongs on a thread: [`crate::Turns`]. A handler that panics fails its
/// task, with code `HANDLER_PANICKED`.
///
/// ```
/// use carnet_worker::{CapabilityDefinition, TaskContext, TaskError, TaskHandler, TaskOutput};
///
/// struct Upper;
/// impl TaskHandler for Upper {
///     fn capability(&self) -> CapabilityDefinition {
///         CapabilityDefinition::new("text.upper", "1.0.0")
///     }
///
///     async fn run(&self, task: TaskContext) -> Result<TaskOutput, TaskError> {
///         let text = task.read(0, 1 << 20).await?;
///         Ok(TaskOutput::bytes("text/plain", text.to_ascii_uppercase()))
///     }
/// }
/// ```
pub trait TaskHandler: Send + Sync + 'static {
    /// What it can do.
    fn capability(&self) -> CapabilityDefinition;

    /// Does one task.
    fn run(&self, task: TaskContext) -> impl Future<Output = Result<TaskOutput, TaskError>> + Send;
}

/// A handler that runs.
pub(crate) type Running = Pin<Box<dyn Future<Output = Result<TaskOutput, TaskError>> + Send>>;

/// A handler of any type.
pub(crate) trait AnyHandler: Send + Sync {
    fn start(self: Arc<Self>, task: TaskContext) -> Running;
}

impl<H: TaskHandler> AnyHandler for H {
    fn start(self: Arc<Self>, task: TaskContext) -> Running {
        Box::pin(async move { self.run(task).await })
    }
}
