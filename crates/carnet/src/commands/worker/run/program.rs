//! [`Program`]: a program that does tasks.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use carnet_ticket::identity::CapabilityId;
use carnet_worker::{CapabilityDefinition, TaskContext, TaskError, TaskHandler, TaskOutput};
use serde_json::{Map, Value};
use tokio::process::Command;

use super::child::{Group, feed, log, print};
use crate::connect::Surroundings;
use crate::failure::Failure;

/// What a program sees of the worker's environment: nothing that may be a secret.
const SEEN: [&str; 7] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER"];

/// A program that ends so may be tried again: `EX_TEMPFAIL` of sysexits.
const TEMPORARY: i32 = 75;

/// A program that does tasks of one capability.
pub struct Program {
    capability: CapabilityId,
    path: PathBuf,
    folder: PathBuf,
    env: Vec<(String, String)>,
    output_type: String,
}

impl Program {
    /// The program of this name: a path, or a name in `PATH`.
    pub fn find(
        capability: CapabilityId,
        name: &str,
        output_type: &str,
        env: &[String],
        surroundings: &Surroundings,
    ) -> Result<Self, Failure> {
        let Surroundings { env: variables, cwd } = surroundings;
        let folders = variables.get("PATH").map(String::as_str).unwrap_or_default();
        let path = if name.contains('/') {
            Some(cwd.join(name)).filter(|path| is_program(path))
        } else {
            let mut paths = folders.split(':').map(|folder| cwd.join(folder).join(name));
            paths.find(|path| is_program(path))
        };
        let path = path.ok_or_else(|| {
            Failure::Usage(format!("--task {capability}={name}: there is no such program"))
        })?;
        let seen = SEEN.into_iter().chain(env.iter().map(String::as_str));
        let seen = seen.filter_map(|name| Some((name.to_owned(), variables.get(name)?.clone())));
        Ok(Self {
            capability,
            path,
            folder: cwd.clone(),
            env: seen.collect(),
            output_type: output_type.to_owned(),
        })
    }

    fn command(&self, task: &TaskContext) -> Result<Command, TaskError> {
        let params: Map<String, Value> = task.params()?;
        let mut command = Command::new(&self.path);
        command
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.env.iter().cloned())
            .env("CARNET_TASK_ID", task.id().to_string())
            .env("CARNET_TASK_ATTEMPT", task.attempt().to_string())
            .env("CARNET_TASK_PARAMS", Value::Object(params).to_string())
            .stdin(if task.inputs().is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        Ok(command)
    }
}

impl TaskHandler for Program {
    fn capability(&self) -> CapabilityDefinition {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        CapabilityDefinition::new(self.capability.as_str(), "1.0.0")
            .description(&format!("Runs {name}"))
    }

    async fn run(&self, task: TaskContext) -> Result<TaskOutput, TaskError> {
        let mut child = self.command(&task)?.spawn().map_err(|error| {
            TaskError::new("PROGRAM_NOT_STARTED", format!("{}: {error}", self.path.display()))
        })?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut group = Group::of(&child);
        let ended = async {
            let status = child.wait().await?;
            group.is_over();
            Ok(status)
        };
        let going = async {
            let (input, output, said) =
                (feed(&task, stdin), print(&task, stdout), log(&task, stderr));
            let (status, (), (), last) = tokio::try_join!(ended, input, output, said)?;
            outcome(status, last)
        };
        tokio::select! {
            outcome = going => outcome?,
            () = task.cancelled() => {
                group.end(task.clock(), &mut child).await;
                return Err(TaskError::new("CANCELLED", "the task was cancelled"));
            }
        }
        Ok(TaskOutput::file(&self.output_type))
    }
}

/// What the end of a program means; `last` is the last that it logged.
fn outcome(status: ExitStatus, last: String) -> Result<(), TaskError> {
    use std::os::unix::process::ExitStatusExt as _;
    let code = match (status.code(), status.signal()) {
        (Some(0), _) => return Ok(()),
        (Some(code), _) => format!("EXIT_{code}"),
        (None, signal) => format!("SIGNAL_{}", signal.unwrap_or_default()),
    };
    let message = if last.is_empty() { format!("the program ended with {status}") } else { last };
    let error = TaskError::new(code, message);
    Err(if status.code() == Some(TEMPORARY) { error.retryable() } else { error })
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
