//! What goes into a program and comes out of it, and how it is ended.

use std::io;
use std::time::Duration;

use carnet_gate::Clock;
use carnet_worker::{TaskContext, TaskError};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};

/// The longest line of a log; what is longer becomes several.
const LINE_MAX: u64 = 4096;

/// How many lines are told; the rest is read and thrown away.
const LINES_MAX: usize = 10_000;

/// How long a program has to end once it was told to.
const GRACE: Duration = Duration::from_secs(2);

/// A program and the children that it starts. Dropped before the program has ended, it kills all of them.
pub struct Group(Option<Pid>);

impl Group {
    pub fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)))
    }

    /// The program has ended. What it started does not go on: it would hold the pipes open.
    pub fn is_over(&mut self) {
        self.signal(Signal::KILL);
        self.0 = None;
    }

    /// Ends them: they are told to, and killed when they do not.
    pub async fn end(&self, clock: &Clock, child: &mut Child) {
        self.signal(Signal::TERM);
        tokio::select! {
            // Its children may still go on: they are killed all the same.
            _ = child.wait() => {}
            () = clock.sleep(GRACE) => {}
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.0 {
            // They may have ended.
            let _ = kill_process_group(pid, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Gives the program the first input. It need not read all of it.
pub async fn feed(task: &TaskContext, stdin: Option<ChildStdin>) -> Result<(), TaskError> {
    let Some(mut stdin) = stdin else { return Ok(()) };
    let mut input = task.input(0).await?;
    let mut piece = vec![0; 64 << 10];
    loop {
        let len = input.read(&mut piece).await?;
        if len == 0 {
            return Ok(());
        }
        match stdin.write_all(&piece[..len]).await {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
}

/// Takes what the program prints as the output.
pub async fn print(task: &TaskContext, stdout: Option<ChildStdout>) -> Result<(), TaskError> {
    let Some(mut stdout) = stdout else { return Ok(()) };
    tokio::io::copy(&mut stdout, &mut task.output()).await?;
    Ok(())
}

/// Takes what the program says as the log; the last line of it.
pub async fn log(task: &TaskContext, stderr: Option<ChildStderr>) -> Result<String, TaskError> {
    let mut last = String::new();
    let Some(stderr) = stderr else { return Ok(last) };
    let mut stderr = BufReader::new(stderr);
    for _ in 0..LINES_MAX {
        let mut line = Vec::new();
        if (&mut stderr).take(LINE_MAX).read_until(b'\n', &mut line).await? == 0 {
            return Ok(last);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if !line.is_empty() {
            task.log(line).await;
            line.clone_into(&mut last);
        }
    }
    tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await?;
    Ok(last)
}
