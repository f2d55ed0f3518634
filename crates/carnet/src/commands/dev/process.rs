//! [`WorkerProcess`]: the worker beside the server.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use carnet_gate::Clock;
use tokio::process::{Child, ChildStdin, Command};

use crate::connect::Surroundings;

/// What the worker sees of the environment.
const SEEN: [&str; 3] = ["PATH", "HOME", "RUST_LOG"];

/// How long the worker has to end: a task that goes on may finish.
const END_MAX: Duration = Duration::from_secs(30);

/// A worker in a process of its own. It ends when this one does, however that ends: then its stdin ends.
pub struct WorkerProcess {
    child: Child,
    stdin: ChildStdin,
}

impl WorkerProcess {
    /// Starts it for the server with this data folder, whose fleet comes to this port.
    pub fn start(data_dir: &Path, port: u16, surroundings: &Surroundings) -> anyhow::Result<Self> {
        let seen = SEEN.iter().filter_map(|name| Some((name, surroundings.env.get(*name)?)));
        let mut child = Command::new(std::env::current_exe()?)
            .arg("dev-worker")
            .current_dir(&surroundings.cwd)
            .env_clear()
            .envs(seen)
            .env("CARNET_DATA_DIR", data_dir)
            .env("CERT_DIR", data_dir.join("dev-worker"))
            .env("PLATFORM_URL", format!("https://localhost:{port}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let stdin = child.stdin.take().context("the worker has no stdin")?;
        Ok(Self { child, stdin })
    }

    /// Waits until it has ended by itself, which it should not.
    pub async fn ended(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Ends it, and waits.
    pub async fn end(self) {
        let Self { mut child, stdin } = self;
        drop(stdin);
        tokio::select! {
            _ = child.wait() => {}
            // Dropped, it is killed.
            () = Clock::System.sleep(END_MAX) => {}
        }
    }
}
