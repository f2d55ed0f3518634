//! `carnet demo`: a real task from end to end, on a server of its own.
//!
//! An agent hands a worker one picture and a ticket. The worker is another process that holds nothing else.
//! It reads the picture, makes a thumbnail, commits it. Then what a ticket does not allow is tried, and a
//! ticket is revoked while its worker is in the middle of things.

mod process;
mod slow;
pub mod worker;

use std::path::Path;

use anyhow::{Context, ensure};
use carnet_gate::Clock;
use carnet_realm::client::{Client, Credential, Endpoint, NewTicketRequest, WritableFields};
use carnet_ticket::realm::NodeKey;
use serde_json::Value;

use crate::cli::{DemoArgs, DemoPart};
use crate::output;
use process::{ServerProcess, WorkerProcess};

/// 3600 x 2400 pixels.
const PICTURE: &[u8] = include_bytes!("../../../assets/evening.jpg");

/// Runs the demo.
pub async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let stopwatch = Clock::System.stopwatch();
    let folder = tempfile::Builder::new().prefix("carnet-demo-").tempdir()?;
    step(1, "a server starts, on a free port, in a folder of its own")?;
    let server = ServerProcess::start(folder.path()).await?;
    tell(&format!("{} and {}", server.url, server.socket.display()))?;

    let agent = Client::new(&Endpoint::Socket(server.socket.clone()), Credential::None)?;
    let picture = upload(&agent).await?;
    thumbnail(&agent, &server, picture, &args.output).await?;
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

async fn upload(agent: &Client) -> anyhow::Result<NodeKey> {
    step(2, "the agent stores a picture")?;
    let put = agent.put_file(PICTURE, PICTURE.len() as u64, "image/jpeg", 4, |_| {}).await?;
    tell(&format!("{} in {} nodes: {}", output::bytes(put.bytes), put.nodes, put.key))?;
    Ok(put.key)
}

async fn thumbnail(
    agent: &Client,
    server: &ServerProcess,
    picture: NodeKey,
    target: &Path,
) -> anyhow::Result<()> {
    step(
        3,
        "the agent makes a ticket: read that picture, write at most 1 MiB of image/*, commit once",
    )?;
    let writable =
        WritableFields { quota: Some(1 << 20), accept: Some(vec!["image/*".to_owned()]) };
    let ticket = ticket(agent, vec![picture], "make a thumbnail", Some(writable)).await?;
    tell(&format!("{ticket}  (this text is all the worker gets)"))?;

    step(4, "a worker, another process, does the task")?;
    let mut worker = WorkerProcess::start(DemoPart::Thumbnail, server, &ticket)?;
    let waited = agent.wait_for(&ticket).await?;
    while let Some(line) = worker.line().await? {
        tell(&line)?;
    }
    ensure!(worker.succeeded().await?, "the worker failed");
    let output: NodeKey =
        waited["output"].as_str().context("the ticket ended without a result")?.parse()?;

    step(5, "the agent was told, and fetches the result")?;
    let mut file =
        tokio::fs::File::create(target).await.with_context(|| target.display().to_string())?;
    let got = agent.get_file(output, &mut file).await?;
    tell(&format!("{}, {}, from {output}", target.display(), output::bytes(got.bytes)))
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
