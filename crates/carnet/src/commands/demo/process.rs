//! The processes of the demo: a server and workers, all of this binary.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A server in a process of its own. It is killed when this is dropped.
pub struct ServerProcess {
    child: Child,
    /// Its URL.
    pub url: String,
    /// Where workers come to.
    pub fleet: String,
    /// Its local socket.
    pub socket: PathBuf,
}

impl ServerProcess {
    /// Starts one on free ports in `folder`, and waits until it listens. What a worker that is killed had is taken
    /// from it after two seconds.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        let settings = [
            "server.port=0",
            "fleet.listen_addr=127.0.0.1:0",
            "realm.node_limit=1MiB",
            "tasks.lease_ttl=2s",
            "logging.level=warn",
        ];
        let mut child = this_binary()?
            .arg("serve")
            .args(settings.iter().flat_map(|setting| ["--set", *setting]))
            .arg("--data-dir")
            .arg(folder)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines =
            BufReader::new(child.stdout.take().context("the server has no output")?).lines();
        let mut fleet = String::new();
        while let Some(line) = lines.next_line().await? {
            if let Some(url) = line.strip_prefix("workers come to ") {
                url.clone_into(&mut fleet);
            }
            if let Some(url) = line.strip_prefix("listening on ") {
                let url = url.to_owned();
                return Ok(Self { child, url, fleet, socket: folder.join("api.sock") });
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

/// A worker in a process of its own. It ends when this process does.
pub struct WorkerProcess {
    /// Its name, and its id.
    pub name: String,
    /// Where it serves.
    pub url: String,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    _stdin: ChildStdin,
}

impl WorkerProcess {
    /// Starts one beside a server whose data is in `folder`, and waits until it is registered.
    pub async fn start(name: &str, server: &ServerProcess, folder: &Path) -> anyhow::Result<Self> {
        let platform = server.fleet.replace("127.0.0.1", "localhost");
        let mut child = this_binary()?
            .args(["demo-worker", name])
            .env_clear()
            .env("CARNET_DATA_DIR", folder)
            .env("CERT_DIR", folder.join(name))
            .env("PLATFORM_URL", platform)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let stdin = child.stdin.take().context("the worker has no input")?;
        let mut lines =
            BufReader::new(child.stdout.take().context("the worker has no output")?).lines();
        let Some(url) = lines.next_line().await? else {
            bail!("worker {name} ended before it was registered: {}", child.wait().await?)
        };
        Ok(Self { name: name.to_owned(), url, child, lines, _stdin: stdin })
    }

    /// The next line that it says.
    pub async fn line(&mut self) -> anyhow::Result<Option<String>> {
        Ok(self.lines.next_line().await?)
    }

    /// Kills it, and waits; which process it was.
    pub async fn kill(mut self) -> anyhow::Result<u32> {
        let id = self.child.id().unwrap_or_default();
        self.child.kill().await?;
        Ok(id)
    }
}

/// This program, once more.
pub fn this_binary() -> anyhow::Result<Command> {
    Ok(Command::new(std::env::current_exe()?))
}
