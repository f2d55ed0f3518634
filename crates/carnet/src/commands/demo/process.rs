//! The processes of the demo: a server and workers, all of this binary.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::cli::DemoPart;

/// A server in a process of its own. It is killed when this is dropped.
pub struct ServerProcess {
    child: Child,
    /// Its URL.
    pub url: String,
    /// Its local socket.
    pub socket: PathBuf,
}

impl ServerProcess {
    /// Starts one on a free port in `folder`, and waits until it listens.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        let mut child = this_binary()?
            .args([
                "serve",
                "--set",
                "server.port=0",
                "--set",
                "fleet.listen_addr=127.0.0.1:0",
                "--set",
                "realm.node_limit=1MiB",
                "--set",
                "logging.level=warn",
            ])
            .arg("--data-dir")
            .arg(folder)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines =
            BufReader::new(child.stdout.take().context("the server has no output")?).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some(url) = line.strip_prefix("listening on ") {
                let url = url.to_owned();
                return Ok(Self { child, url, socket: folder.join("api.sock") });
            }
        }
        bail!("the server ended before it listened: {}", child.wait().await?)
    }

    /// Ends it as an operator would, and waits.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(pid) =
            self.child.id().and_then(|pid| rustix::process::Pid::from_raw(i32::try_from(pid).ok()?))
        {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        }
        self.child.wait().await?;
        Ok(())
    }

    /// Leaves it running, and gives its id.
    pub fn keep(self) -> u32 {
        let id = self.child.id().unwrap_or_default();
        // Dropping the handle would kill it; the process outlives this one.
        std::mem::forget(self.child);
        id
    }
}

/// A worker in a process of its own, with nothing but a ticket.
pub struct WorkerProcess {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl WorkerProcess {
    /// Starts one. Its environment is the server's address and its ticket.
    pub fn start(part: DemoPart, server: &ServerProcess, ticket: &str) -> anyhow::Result<Self> {
        let mut child = this_binary()?
            .args(["demo-worker", part.name()])
            .env_clear()
            .env("CARNET_SERVER", &server.url)
            .env("CARNET_TICKET", ticket)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let lines =
            BufReader::new(child.stdout.take().context("the worker has no output")?).lines();
        Ok(Self { child, lines })
    }

    /// The next line that it says.
    pub async fn line(&mut self) -> anyhow::Result<Option<String>> {
        Ok(self.lines.next_line().await?)
    }

    /// Waits for its end; whether it did what it was for.
    pub async fn succeeded(mut self) -> anyhow::Result<bool> {
        Ok(self.child.wait().await?.success())
    }
}

impl DemoPart {
    fn name(self) -> &'static str {
        match self {
            Self::Thumbnails => "thumbnails",
            Self::Trespass => "trespass",
            Self::Hold => "hold",
        }
    }
}

fn this_binary() -> anyhow::Result<Command> {
    Ok(Command::new(std::env::current_exe()?))
}
