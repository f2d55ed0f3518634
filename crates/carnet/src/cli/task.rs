//! `carnet task`, as it is typed.

use std::path::PathBuf;

use carnet_ticket::identity::{CapabilityId, WorkerId};
use carnet_ticket::task::{TaskId, TaskState};
use clap::{Args, Subcommand};
use serde_json::Value;

use super::ServerArgs;
use super::values::{self, NodePath};

/// `carnet task`.
#[derive(Debug, Subcommand)]
pub enum TaskCommand {
    /// Have a worker do something, wait for it, and write what came of it.
    #[command(
        after_help = "Examples:\n  carnet task run image.thumbnail --input photo.jpg --output small.png\n  carnet task run \
        image.thumbnail --input node:…/holiday/photo.jpg --param max_edge=128\n  carnet task run report.build --no-wait\n\n\
        Ctrl-C cancels the task. Exit codes: 0 it succeeded, 1 it failed, was cancelled or denied."
    )]
    Run(Box<RunArgs>),
    /// List tasks, newest first.
    #[command(after_help = "Example:\n  carnet task list --state running")]
    List(ListArgs),
    /// Show a task.
    #[command(after_help = "Example:\n  carnet task show task:01HQXK5V8N3Y7M2P4R6T9W0ABC")]
    Show {
        /// Its id.
        id: TaskId,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Cancel a task: its worker is stopped, and can neither read nor commit any more.
    #[command(after_help = "Example:\n  carnet task cancel task:01HQXK5V8N3Y7M2P4R6T9W0ABC")]
    Cancel {
        /// Its id.
        id: TaskId,
        /// Why, for the record.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// Something that a task reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskInput {
    /// A file or directory that is uploaded first.
    File(PathBuf),
    /// A node that is there.
    Node(NodePath),
}

/// `carnet task run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What is to be done.
    pub capability: CapabilityId,
    /// A file, a directory or a node that the task reads; - is stdin. May be repeated: they are counted from 0.
    #[arg(long, short, value_name = "FILE|node:…", value_parser = task_input)]
    pub input: Vec<TaskInput>,
    /// A parameter; a value that is JSON is taken as that, any other as text. May be repeated.
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = param)]
    pub param: Vec<(String, Value)>,
    /// How long it may take once a worker has it; else 5m.
    #[arg(long, value_name = "DURATION", value_parser = values::duration_text)]
    pub timeout: Option<String>,
    /// The image, for workers that have images.
    #[arg(long)]
    pub image: Option<String>,
    /// Who provides the place where it runs.
    #[arg(long)]
    pub provider: Option<String>,
    /// The network that it is in.
    #[arg(long)]
    pub network: Option<String>,
    /// Where its output goes: a file is there whole or not at all; - is stdout.
    #[arg(long, short, value_name = "FILE", conflicts_with_all = ["no_wait", "dry_run"])]
    pub output: Option<PathBuf>,
    /// Print the task's id, and do not wait for it.
    #[arg(long, conflicts_with = "dry_run")]
    pub no_wait: bool,
    /// Say whether it would be let through, and which workers it could be given to. Nothing is uploaded.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `carnet task list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Those in this state alone.
    #[arg(long, value_parser = state)]
    pub state: Option<TaskState>,
    /// Those for this alone.
    #[arg(long)]
    pub capability: Option<CapabilityId>,
    /// Those of this worker alone.
    #[arg(long, value_name = "ID")]
    pub worker: Option<WorkerId>,
    /// How many at most.
    #[arg(long, default_value_t = 100)]
    pub limit: usize,
    #[command(flatten)]
    pub server: ServerArgs,
}

fn task_input(text: &str) -> Result<TaskInput, String> {
    if text.starts_with("node:") {
        return values::node_path(text).map(TaskInput::Node);
    }
    Ok(TaskInput::File(PathBuf::from(text)))
}

fn param(text: &str) -> Result<(String, Value), String> {
    let (key, value) = values::setting(text)?;
    let value = serde_json::from_str(&value).unwrap_or(Value::String(value));
    Ok((key, value))
}

fn state(text: &str) -> Result<TaskState, String> {
    let names = || TaskState::ALL.map(TaskState::as_str).join(", ");
    TaskState::parse(text).ok_or_else(|| format!("expected one of {}", names()))
}
