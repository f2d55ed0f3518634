//! What a ticket reaches in a tree of 1,000,000 nodes, and how a server starts with it.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use carnet_realm::node::{Encoded, Limits, encode_dict, encode_file};
use carnet_store::{PutNode, Store};
use carnet_ticket::realm::{NodeKey, RealmId};
use carnet_ticket::time::Timestamp;
use futures::stream::{self, StreamExt, TryStreamExt};
use http::{Method, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;

use super::client::{ask, ask_json, authorized, connect, request};
use crate::report::{Report, percentile_ms};
use crate::world::World;

/// How many directories there are, and files in each.
const FAN_OUT: u32 = 1000;

/// How many nodes are on their way to the disk at a time.
const WRITES: usize = 256;

/// The service whose key measures.
const SERVICE: &str = "admin";

pub(super) async fn run(report: &mut Report) -> anyhow::Result<()> {
    if !report.wants("http: scope among 1,000,000 nodes") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let store = World::open_store(&folder)?;
    let started = Instant::now();
    let root = plant(&store).await?;
    let nodes = f64::from(FAN_OUT * FAN_OUT + FAN_OUT + 1);
    report.add(
        "http: scope: nodes stored, 256 at a time",
        nodes / started.elapsed().as_secs_f64(),
        "/s",
        "in one process, durable",
    );
    store.close().await;
    drop(store);
    let started = Instant::now();
    let world = World::start_in(folder).await?;
    let mut sender = connect(world.address).await?;
    let health = request(Method::GET, "/api/health", Bytes::new());
    ask(&mut sender, health).await?.collect().await?;
    report.add(
        "http: scope: start with 1,000,000 nodes",
        started.elapsed().as_secs_f64() * 1e3,
        "ms",
        "goal < 1,000",
    );
    let each = |all: Duration| all.as_secs_f64() * 1e6 / f64::from(FAN_OUT);
    let whole = each(walk(&mut sender, &root, 1, "{}".to_owned()).await?);
    let walked = each(walk(&mut sender, &root, 2, input(&root)).await?);
    report.add(
        "http: scope: what a read adds by walking",
        walked - whole,
        "us",
        format!("goal < 5; a read of the whole realm takes {whole:.1}"),
    );
    let mut steps = cold(&mut sender, &root).await?;
    report.add(
        "http: scope: a cold read deep down, its slowest step",
        percentile_ms(&mut steps, 1.0),
        "ms",
        format!("{} tries until it is found", steps.len()),
    );
    let started = Instant::now();
    let looked = request(Method::POST, "/api/admin/gc", r#"{"dryRun":true}"#.into());
    let looked = ask_json(&mut sender, looked).await?;
    ensure!(looked["removedNodes"] == 0, "the tickets name everything: {looked}");
    report.add(
        "http: scope: a collection that finds nothing among 1,000,000 nodes",
        started.elapsed().as_secs_f64(),
        "s",
        "requests go on meanwhile",
    );
    world.stop().await;
    Ok(())
}

/// A directory of 1,000 directories of 1,000 files each.
async fn plant(store: &Store) -> anyhow::Result<Encoded> {
    let mut folders = Vec::new();
    for folder in 0..FAN_OUT {
        let files: Vec<_> = (0..FAN_OUT).map(|number| file(folder, number)).collect();
        let entries =
            files.iter().zip(0..).map(|(file, number): (_, u32)| (number.to_string(), file.key));
        let dict = encode_dict(entries.collect(), &Limits::default())?;
        let children = files.iter().map(|file| file.key).collect();
        let puts = files.iter().map(|file| put(store, 3, file, Vec::new()));
        stream::iter(puts.collect::<Vec<_>>())
            .buffer_unordered(WRITES)
            .try_collect::<Vec<_>>()
            .await?;
        put(store, 1, &dict, children).await?;
        folders.push(dict.key);
    }
    let entries = folders.iter().zip(0..).map(|(key, number): (_, u32)| (number.to_string(), *key));
    let root = encode_dict(entries.collect(), &Limits::default())?;
    put(store, 1, &root, folders).await?;
    Ok(root)
}

fn file(folder: u32, number: u32) -> Encoded {
    let data = [folder.to_le_bytes(), number.to_le_bytes()].concat();
    let file = encode_file("text/plain", data.len() as u64, &[], &data, &Limits::default());
    file.unwrap_or_else(|error| unreachable!("{error}"))
}

async fn put(
    store: &Store,
    kind: u8,
    node: &Encoded,
    children: Vec<NodeKey>,
) -> anyhow::Result<()> {
    let node = PutNode {
        realm: RealmId::service(SERVICE),
        key: node.key,
        kind,
        size: node.bytes.len() as u64,
        own_bytes: 8,
        content_bytes: 8,
        children,
        content_type: if kind == 3 { "text/plain".to_owned() } else { String::new() },
        bytes: Some(node.bytes.clone()),
        by: format!("key:{SERVICE}"),
        ticket: None,
        realm_quota: None,
        reservation: None,
    };
    store.put_node(node, Timestamp(1)).await?;
    Ok(())
}

/// How long a new ticket takes to read the files of a folder, having come there from the root.
async fn walk(
    sender: &mut SendRequest<Full<Bytes>>,
    root: &Encoded,
    folder: u32,
    ticket: String,
) -> anyhow::Result<Duration> {
    let credential = make_ticket(sender, ticket).await?;
    let files: Vec<_> = (0..FAN_OUT).map(|number| file(folder, number)).collect();
    let entries =
        files.iter().zip(0..).map(|(file, number): (_, u32)| (number.to_string(), file.key));
    let dict = encode_dict(entries.collect(), &Limits::default())?.key;
    for above in [root.key, dict] {
        read(sender, &credential, above).await?;
    }
    let started = Instant::now();
    for file in files {
        read(sender, &credential, file.key).await?;
    }
    Ok(started.elapsed())
}

/// The tries of a new ticket to read a file far below its root, until it is found.
async fn cold(
    sender: &mut SendRequest<Full<Bytes>>,
    root: &Encoded,
) -> anyhow::Result<Vec<Duration>> {
    let credential = make_ticket(sender, input(root)).await?;
    let key = file(FAN_OUT - 1, FAN_OUT - 1).key;
    let mut tries = Vec::new();
    loop {
        let started = Instant::now();
        let status = read(sender, &credential, key).await?;
        tries.push(started.elapsed());
        if status == StatusCode::OK {
            return Ok(tries);
        }
    }
}

fn input(root: &Encoded) -> String {
    format!(r#"{{"input":["{}"]}}"#, root.key)
}

async fn make_ticket(
    sender: &mut SendRequest<Full<Bytes>>,
    body: String,
) -> anyhow::Result<String> {
    let made = request(Method::POST, "/api/realm/self/tickets", body.into());
    let made = ask_json(sender, made).await?;
    Ok(format!("Ticket {}", made["ticketId"].as_str().context("no ticket was made")?))
}

/// Reads a node; 200, or 503 while it is not decided.
async fn read(
    sender: &mut SendRequest<Full<Bytes>>,
    credential: &str,
    key: NodeKey,
) -> anyhow::Result<StatusCode> {
    let path = format!("/api/realm/self/nodes/{key}");
    let request = authorized(Method::GET, &path, ("authorization", credential), Bytes::new());
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    response.into_body().collect().await?;
    let is_known = matches!(status, StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE);
    ensure!(is_known, "a node in scope was answered {status}");
    Ok(status)
}
