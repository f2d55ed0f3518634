//! `carnet demo`: a fleet of two workers, on a server of its own.
//!
//! An agent hands in pictures as tasks. One worker is killed in the middle of things, and the other finishes. Then a
//! worker that holds a download, an event stream and a stream of another worker is revoked by one command, and all of
//! them end.

mod pictures;
mod process;
mod slow;
mod tasks;
pub mod worker;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use carnet_gate::Clock;
use carnet_realm::client::{Client, Credential, Endpoint};
use carnet_ticket::realm::NodeKey;
use serde_json::{Value, json};

use crate::cli::DemoArgs;
use crate::output;
use process::{ServerProcess, WorkerProcess, this_binary};

/// Runs the demo.
pub async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let stopwatch = Clock::System.stopwatch();
    let folder = tempfile::Builder::new().prefix("carnet-demo-").tempdir()?;
    step(1, "a server starts, on free ports, in a folder of its own")?;
    let server = ServerProcess::start(folder.path()).await?;
    tell(&format!("the API at {}, the fleet at {}", server.url, server.fleet))?;

    step(2, "two workers come in: a key each, a certificate, a registration")?;
    let a = WorkerProcess::start("a", &server, folder.path()).await?;
    let b = WorkerProcess::start("b", &server, folder.path()).await?;
    for worker in [&a, &b] {
        tell(&format!("worker {} at {}", worker.name, worker.url))?;
    }

    step(
        3,
        "an agent hands in pictures, a task for each; worker a is killed in the middle of one",
    )?;
    let agent = Client::new(&Endpoint::Socket(server.socket.clone()), Credential::None)?;
    let picture = tasks::run(&agent, a, &args.output).await?;

    step(4, "worker a is back, and holds three things at once")?;
    let a = WorkerProcess::start("a", &server, folder.path()).await?;
    withdraw(&agent, a, &b, picture, folder.path()).await?;

    output::line(&format!("\ndone in {:.1} s", stopwatch.elapsed().as_secs_f32()))?;
    if args.keep {
        let folder = folder.keep();
        let (folder, pid) = (folder.display(), server.keep());
        output::line(&format!(
            "the server goes on, process {pid}. Try:\n  carnet task list --data-dir {folder}\n  \
             carnet worker list --data-dir {folder}\n  carnet realm usage --data-dir {folder}\n  kill {pid}"
        ))?;
        return Ok(());
    }
    server.stop().await
}

/// Revokes worker `a` while it holds a download, an event stream and a stream of worker `b`.
async fn withdraw(
    agent: &Client,
    mut a: WorkerProcess,
    b: &WorkerProcess,
    picture: NodeKey,
    folder: &Path,
) -> anyhow::Result<()> {
    let body = json!({
        "capability": worker::HOLD,
        "labels": { "name": a.name },
        "input": [picture],
        "params": { "peer": b.url },
    });
    let task = agent.submit_task(&body, "hold").await?;
    let id = task["id"].as_str().context("the server made no task")?.to_owned();
    tell(&a.line().await?.context("worker a opened nothing")?)?;

    step(5, "carnet revoke worker/a")?;
    let stopwatch = Clock::System.stopwatch();
    let revoking = async {
        let mut revoke = this_binary()?;
        revoke.args(["revoke", "worker/a", "--data-dir"]).arg(folder).kill_on_drop(true);
        let revoked = revoke.output().await?;
        ensure!(revoked.status.success(), "{}", String::from_utf8_lossy(&revoked.stderr));
        tell(&format!("{:>7}  the command has ended", ms(stopwatch.elapsed())))
    };
    let ending = async {
        for _ in 0..worker::HELD {
            let line = a.line().await?.context("worker a ended before what it held did")?;
            tell(&format!("{:>7}  {line}", ms(stopwatch.elapsed())))?;
        }
        anyhow::Ok(())
    };
    tokio::try_join!(revoking, ending)?;
    let taken: Value = agent.task(&id).await?;
    let error = taken["error"]["code"].as_str().unwrap_or_default();
    ensure!(error == "worker_quarantined", "the task of worker a is {taken}");
    tell(
        "the task that it had waits for another worker; worker a is out until somebody releases it",
    )?;
    agent.cancel_task(&id, Some("the demo ends")).await?;
    Ok(())
}

fn step(number: u32, text: &str) -> anyhow::Result<()> {
    Ok(output::line(&format!("\n{number}. {text}"))?)
}

fn tell(text: &str) -> anyhow::Result<()> {
    Ok(output::line(&format!("   {text}"))?)
}

fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}
