//! The worker's side of the demo: a process that holds nothing but a ticket.

use anyhow::{Context, ensure};
use carnet_realm::client::{Client, ClientError, Credential, Endpoint, GetTree};
use carnet_ticket::realm::NodeKey;
use secrecy::SecretString;

use super::{pictures, slow};
use crate::cli::DemoPart;
use crate::connect::Surroundings;
use crate::output;

/// Plays one part.
pub async fn run(part: DemoPart, surroundings: &Surroundings) -> anyhow::Result<()> {
    let variable = |name: &str| {
        surroundings.env.get(name).cloned().with_context(|| format!("{name} is not set"))
    };
    let (server, ticket) = (variable("CARNET_SERVER")?, variable("CARNET_TICKET")?);
    let client = Client::new(
        &Endpoint::Url(server.clone()),
        Credential::Ticket(SecretString::from(ticket.clone())),
    )?;
    match part {
        DemoPart::Thumbnails => thumbnails(&client).await,
        DemoPart::Trespass => trespass(&client).await,
        DemoPart::Hold => hold(&client, &server, &ticket).await,
    }
}

async fn thumbnails(client: &Client) -> anyhow::Result<()> {
    let task = client.ticket("self").await?;
    let input: NodeKey = task["input"][0].as_str().context("the ticket has no input")?.parse()?;
    let folder = tempfile::tempdir()?;
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    let get = GetTree { key: input, target: &from, is_forced: false, progress: &|_| {} };
    let got = client.get_tree(&get).await?;
    say(&format!("worker: read {input}: {} files in {} directories", got.files, got.dirs))?;
    let target = to.clone();
    let made = tokio::task::spawn_blocking(move || pictures::shrink(&from, &target)).await??;
    let put = super::put(client, &to).await?;
    client.commit("self", put.key).await?;
    say(&format!("worker: made {made} thumbnails, committed {}", put.key))
}

async fn trespass(client: &Client) -> anyhow::Result<()> {
    let task = client.ticket("self").await?;
    let purpose = task["purpose"].as_str().unwrap_or_default();
    let forbidden: NodeKey = purpose.rsplit(' ').next().unwrap_or_default().parse()?;
    let read = client.node_bytes(forbidden).await;
    say(&format!("worker: reads a node that is not in its scope: {}", status(&read)))?;
    ensure!(status(&read) == 403, "an out-of-scope read was answered {}", status(&read));

    let big = [7; 500];
    let put = client.put_file(&big[..], 500, "text/plain", 1, |_| {}).await;
    let put = match put {
        Ok(_) => Ok(()),
        Err(carnet_realm::layout::WriteError::Sink(error)) => Err(error),
        Err(error) => return Err(error.into()),
    };
    say(&format!("worker: writes more than its quota: {}", status(&put)))?;
    ensure!(status(&put) == 413, "an over-quota write was answered {}", status(&put));
    Ok(())
}

async fn hold(client: &Client, server: &str, ticket: &str) -> anyhow::Result<()> {
    let task = client.ticket("self").await?;
    let input: NodeKey = task["input"][0].as_str().context("the ticket has no input")?.parse()?;
    let mut events = client.events("self").await?;
    events.chunk().await?.context("the event stream is empty")?;
    let download = slow::open(server, ticket, input).await?;
    say("worker: the event stream and the download are open")?;
    let listening = async {
        while let Ok(Some(_)) = events.chunk().await {}
        say("worker: the event stream ended")
    };
    let downloading = async {
        let finished = download.read_to_end().await;
        say("worker: the download ended")?;
        ensure!(!finished, "the download came to its natural end");
        Ok(())
    };
    tokio::try_join!(listening, downloading)?;
    let next = client.node_bytes(input).await;
    say(&format!("worker: the next request is answered {}", status(&next)))?;
    ensure!(
        status(&next) == 410,
        "a request under a revoked ticket was answered {}",
        status(&next)
    );
    Ok(())
}

/// The status of a refusal; 200 for what was done, 0 for what was not answered.
fn status<T>(result: &Result<T, ClientError>) -> u16 {
    match result {
        Ok(_) => 200,
        Err(error) => error.refusal().map_or(0, |refusal| refusal.status.as_u16()),
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(output::line(text)?)
}
