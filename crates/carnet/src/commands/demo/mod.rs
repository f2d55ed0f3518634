//! `carnet demo`: a real task from end to end, on a server of its own.
//!
//! An agent hands a worker a directory of pictures and a ticket. The worker is another process that holds nothing
//! else. It reads the pictures, makes a thumbnail of each, commits a directory of them. Then what a ticket does
//! not allow is tried, and a ticket is revoked while its worker is in the middle of things.

mod pictures;
mod process;
mod slow;
pub mod worker;

use std::path::Path;

use anyhow::{Context, ensure};
use carnet_gate::Clock;
use carnet_realm::client::{
    Client, Credential, Endpoint, GetTree, NewTicketRequest, PutTree, Symlinks, Uploaded,
    WritableFields,
};
use carnet_ticket::realm::NodeKey;
use serde_json::Value;

use crate::cli::{DemoArgs, DemoPart};
use crate::output;
use process::{ServerProcess, WorkerProcess};

/// Runs the demo.
pub async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let stopwatch = Clock::System.stopwatch();
    let folder = tempfile::Builder::new().prefix("carnet-demo-").tempdir()?;
    step(1, "a server starts, on a free port, in a folder of its own")?;
    let server = ServerProcess::start(folder.path()).await?;
    tell(&format!("{} and {}", server.url, server.socket.display()))?;

    let agent = Client::new(&Endpoint::Socket(server.socket.clone()), Credential::None)?;
    let (directory, picture) = upload(&agent).await?;
    thumbnails(&agent, &server, directory, &args.output).await?;
    trespass(&agent, &server, picture).await?;
    withdraw(&agent, &server, picture).await?;

    output::line(&format!("\ndone in {:.1} s", stopwatch.elapsed().as_secs_f32()))?;
    if args.keep {
        let folder = folder.keep();
        let (folder, pid) = (folder.display(), server.keep());
        output::line(&format!(
            "the server goes on, process {pid}. Try:\n  carnet realm ticket list --data-dir {folder}\n  \
             carnet realm usage --data-dir {folder}\n  kill {pid}"
        ))?;
        return Ok(());
    }
    server.stop().await
}

/// Stores a directory of pictures: its key, and that of one of them.
async fn upload(agent: &Client) -> anyhow::Result<(NodeKey, NodeKey)> {
    step(2, "the agent stores a directory of pictures")?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().to_owned();
    tokio::task::spawn_blocking(move || pictures::make(&path)).await??;
    let put = put(agent, folder.path()).await?;
    let (files, dirs, size) = (put.files, put.dirs, output::bytes(put.bytes));
    let nodes = put.uploaded_nodes;
    tell(&format!("{files} files in {dirs} directories, {size} in {nodes} nodes: {}", put.key))?;
    let picture = agent.walk(put.key, &["evening.jpg".to_owned()]).await?;
    Ok((put.key, picture))
}

/// Stores a directory of pictures.
async fn put(client: &Client, folder: &Path) -> anyhow::Result<Uploaded> {
    let put = PutTree {
        path: folder,
        name: None,
        content_type: &|_| "image/jpeg".to_owned(),
        jobs: 8,
        symlinks: Symlinks::Fail,
        progress: &|_| {},
    };
    Ok(client.put_tree(&put).await?)
}

async fn thumbnails(
    agent: &Client,
    server: &ServerProcess,
    directory: NodeKey,
    target: &Path,
) -> anyhow::Result<()> {
    step(
        3,
        "the agent makes a ticket: read that directory, write at most 1 MiB of image/*, commit once",
    )?;
    let writable =
        WritableFields { quota: Some(1 << 20), accept: Some(vec!["image/*".to_owned()]) };
    let ticket = ticket(agent, vec![directory], "make thumbnails", Some(writable)).await?;
    tell(&format!("{ticket}  (this text is all the worker gets)"))?;

    step(4, "a worker, another process, does the task")?;
    let mut worker = WorkerProcess::start(DemoPart::Thumbnails, server, &ticket)?;
    let waited = agent.wait_for(&ticket).await?;
    while let Some(line) = worker.line().await? {
        tell(&line)?;
    }
    ensure!(worker.succeeded().await?, "the worker failed");
    let output: NodeKey =
        waited["output"].as_str().context("the ticket ended without a result")?.parse()?;

    step(5, "the agent was told, and fetches the result")?;
    let get = GetTree { key: output, target, is_forced: true, progress: &|_| {} };
    let got = agent.get_tree(&get).await?;
    let (files, size) = (got.files, output::bytes(got.bytes));
    tell(&format!("{}: {files} files, {size}, from {output}", target.display()))
}

async fn trespass(agent: &Client, server: &ServerProcess, picture: NodeKey) -> anyhow::Result<()> {
    step(6, "a second ticket, for nothing but a note; its worker tries to go further")?;
    let note = agent.put_file(&b"only this"[..], 9, "text/plain", 1, |_| {}).await?.key;
    let writable = WritableFields { quota: Some(200), accept: None };
    let ticket =
        ticket(agent, vec![note], &format!("stay away from {picture}"), Some(writable)).await?;
    let mut worker = WorkerProcess::start(DemoPart::Trespass, server, &ticket)?;
    while let Some(line) = worker.line().await? {
        tell(&line)?;
    }
    ensure!(worker.succeeded().await?, "the server let the worker go further than its ticket");
    Ok(())
}

async fn withdraw(agent: &Client, server: &ServerProcess, picture: NodeKey) -> anyhow::Result<()> {
    step(
        7,
        "a third ticket is revoked while its worker holds an event stream and a slow download",
    )?;
    let ticket = ticket(agent, vec![picture], "hold on to it", None).await?;
    let mut worker = WorkerProcess::start(DemoPart::Hold, server, &ticket)?;
    let opened = worker.line().await?.context("the worker opened nothing")?;
    tell(&opened)?;
    let stopwatch = Clock::System.stopwatch();
    agent.revoke(&ticket).await?;
    tell(&format!("revoked: durable and answered after {}", ms(stopwatch.elapsed())))?;
    while let Some(line) = worker.line().await? {
        tell(&format!("{line}: {} after the command", ms(stopwatch.elapsed())))?;
    }
    ensure!(worker.succeeded().await?, "the worker could go on after its ticket was revoked");
    Ok(())
}

async fn ticket(
    agent: &Client,
    input: Vec<NodeKey>,
    purpose: &str,
    writable: Option<WritableFields>,
) -> anyhow::Result<String> {
    let purpose = Some(purpose.to_owned());
    let request = NewTicketRequest {
        input: Some(input),
        purpose,
        writable,
        expires_in: Some(600),
        ..NewTicketRequest::default()
    };
    let made: Value = agent.create_ticket(&request).await?;
    Ok(made["ticketId"].as_str().context("the server made no ticket")?.to_owned())
}

fn step(number: u32, text: &str) -> anyhow::Result<()> {
    Ok(output::line(&format!("\n{number}. {text}"))?)
}

fn tell(text: &str) -> anyhow::Result<()> {
    Ok(output::line(&format!("   {text}"))?)
}

fn ms(duration: std::time::Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}
