//! What a worker does of its own when it starts and when it ends.

use std::pin::Pin;
use std::time::Duration;

use carnet_gate::Clock;

use crate::error::{BoxError, WorkerError};
use crate::pause::within;

/// A hook that runs.
pub(super) type Running = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

/// A hook of the start.
pub(super) type StartupHook = Box<dyn FnOnce() -> Running + Send>;

/// A hook of the end.
pub(super) struct ShutdownHook {
    pub(super) name: &'static str,
    pub(super) timeout: Duration,
    pub(super) run: Box<dyn FnOnce() -> Running + Send>,
}

/// Runs each in turn, until one fails.
pub(super) async fn start(hooks: Vec<StartupHook>) -> Result<(), WorkerError> {
    for hook in hooks {
        hook().await.map_err(WorkerError::Startup)?;
    }
    Ok(())
}

/// Runs each, the last first, whatever becomes of the others.
pub(super) async fn end(hooks: Vec<ShutdownHook>, clock: &Clock) {
    for ShutdownHook { name, timeout, run } in hooks.into_iter().rev() {
        // A task of its own, so that a panic is its own too.
        let mut task = tokio::spawn(run());
        match within(clock, timeout, &mut task).await {
            Some(Ok(Ok(()))) => {}
            Some(Ok(Err(error))) => tracing::warn!(hook = name, %error, "a shutdown hook failed"),
            Some(Err(error)) => tracing::warn!(hook = name, %error, "a shutdown hook panicked"),
            None => {
                task.abort();
                tracing::warn!(hook = name, "a shutdown hook took too long");
            }
        }
    }
}
