//! Running a worker as a program.

use std::io::IsTerminal as _;
use std::pin::pin;

use tokio::runtime::{Builder, Handle};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::WorkerApplication;
use crate::error::WorkerError;

/// What is logged when `RUST_LOG` does not say.
const LOGGED: &str = "info";

impl WorkerApplication {
    /// Runs until SIGTERM or SIGINT, and ends cleanly; a second signal ends it at once with exit code 1. All that is
    /// security happens here, in this order: the certificate is found, renewed or enrolled for; TLS is set up; the
    /// port is opened; startup hooks run; the worker registers, reports and renews.
    pub fn run(self) -> Result<(), WorkerError> {
        if Handle::try_current().is_ok() {
            return Err(WorkerError::InsideAsyncRuntime);
        }
        let runtime = Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(WorkerError::io("the runtime".as_ref()))?;
        let result = runtime.block_on(self.serve_until_told());
        // What still blocks a thread does not hold up the end.
        runtime.shutdown_background();
        result
    }

    /// The same inside a runtime.
    pub async fn serve_until_told(self) -> Result<(), WorkerError> {
        self.serve_until(std::future::pending()).await
    }

    /// The same, until `told` resolves at the latest.
    pub async fn serve_until(self, told: impl Future<Output = ()>) -> Result<(), WorkerError> {
        log();
        let mut told = pin!(told);
        let mut signals = Signals::new()?;
        let running = tokio::select! {
            running = self.serve() => running?,
            () = signals.next() => return Ok(()),
            () = &mut told => return Ok(()),
        };
        tokio::select! {
            () = signals.next() => {}
            () = running.asked_to_end() => {}
            () = told => {}
        }
        tokio::select! {
            () = running.shutdown() => Ok(()),
            () = signals.next() => exit(),
        }
    }
}

/// The signals that end a worker.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, WorkerError> {
        let listen = |kind| signal(kind).map_err(WorkerError::io("signals".as_ref()));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "a second signal ends a worker at once"
)]
fn exit() -> ! {
    std::process::exit(1)
}

/// Logs to stderr, in colours where that is a terminal, unless the program has said otherwise.
fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A program that logs by itself has set this before.
    let _ = subscriber.try_init();
}
