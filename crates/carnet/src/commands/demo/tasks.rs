//! The pictures as tasks, and a worker that is killed in the middle of one.

use std::path::Path;

use anyhow::{Context, ensure};
use carnet_realm::client::{Client, GetTree, PutTree, Symlinks};
use carnet_ticket::realm::NodeKey;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::process::WorkerProcess;
use super::{pictures, tell};

/// What becomes of the task of a picture.
struct Change {
    picture: String,
    state: String,
    worker: Option<String>,
    attempt: u64,
}

/// Has every picture made smaller, kills `victim` when it has begun with one, and writes what the tasks gave into
/// `target`. The key of the largest picture.
pub async fn run(agent: &Client, victim: WorkerProcess, target: &Path) -> anyhow::Result<NodeKey> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().to_owned();
    let pictures = tokio::task::spawn_blocking(move || pictures::make(&path)).await??;
    let (sender, mut changes) = mpsc::unbounded_channel();
    let mut going = FuturesUnordered::new();
    let mut first = None;
    for path in &pictures {
        let key = put(agent, path).await?;
        first.get_or_insert(key);
        going.push(one(agent, name(path), key, target, sender.clone()));
    }
    drop(sender);
    let (mut victim, mut done) = (Some(victim), 0);
    loop {
        tokio::select! {
            Some(change) = changes.recv() => {
                say(&change)?;
                let is_victims = |victim: &WorkerProcess| change.worker.as_ref() == Some(&victim.name);
                if change.state == "running" && victim.as_ref().is_some_and(is_victims)
                    && let Some(victim) = victim.take()
                {
                    let pid = victim.kill().await?;
                    tell(&format!("worker a is killed: process {pid}, SIGKILL"))?;
                }
            }
            Some(finished) = going.next() => {
                finished?;
                done += 1;
            }
            else => break,
        }
    }
    ensure!(victim.is_none(), "worker a was given nothing");
    tell(&format!("{done} of {} thumbnails, each once, in {}", pictures.len(), target.display()))?;
    first.context("there are no pictures")
}

/// The task of one picture, from its submission to its output.
async fn one(
    agent: &Client,
    picture: String,
    key: NodeKey,
    target: &Path,
    changes: mpsc::UnboundedSender<Change>,
) -> anyhow::Result<()> {
    let body = json!({
        "capability": "image.thumbnail",
        "input": [key],
        "params": { "max_edge": pictures::THUMBNAIL },
    });
    let task = agent.submit_task(&body, &picture).await?;
    let id = task["id"].as_str().context("the server made no task")?;
    let done: Value = agent
        .follow_task(id, |event| {
            let text = |name: &str| event.data[name].as_str().map(str::to_owned);
            if let Some(state) = text("state") {
                let (picture, worker) = (picture.clone(), text("worker_id"));
                let attempt = event.data["attempt"].as_u64().unwrap_or(1);
                // The demo may be over.
                let _ = changes.send(Change { picture, state, worker, attempt });
            }
        })
        .await?;
    ensure!(done["state"] == "succeeded", "{picture}: {done}");
    let output: NodeKey = done["output"].as_str().context("the task has no output")?.parse()?;
    std::fs::create_dir_all(target)?;
    let target = target.join(&picture).with_extension("png");
    let get = GetTree { key: output, target: &target, is_forced: true, progress: &|_| {} };
    agent.get_tree(&get).await?;
    Ok(())
}

/// Tells what one may want to see: who begins with what, and what was lost.
fn say(change: &Change) -> anyhow::Result<()> {
    let Change { picture, state, worker, attempt } = change;
    let again = if *attempt > 1 { ", once more" } else { "" };
    match (state.as_str(), worker) {
        ("running", Some(worker)) => {
            tell(&format!("{picture:<16} worker {worker} has begun{again}"))
        }
        ("pending", None) if *attempt > 1 => {
            tell(&format!("{picture:<16} was lost with its worker"))
        }
        ("succeeded", _) => tell(&format!("{picture:<16} done{again}")),
        _ => Ok(()),
    }
}

async fn put(agent: &Client, path: &Path) -> anyhow::Result<NodeKey> {
    let put = PutTree {
        path,
        name: None,
        content_type: &|_| "image/jpeg".to_owned(),
        jobs: 4,
        symlinks: Symlinks::Fail,
        progress: &|_| {},
    };
    Ok(agent.put_tree(&put).await?.key)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
