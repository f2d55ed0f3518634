//! The content store over HTTP, 16 connections, beside what bounds it.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use carnet_realm::node::{Encoded, Limits, encode_successor};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::report::{Report, percentile_ms};
use crate::world::{KEY, World};

const CONNECTIONS: u64 = 16;
const LENGTH: Duration = Duration::from_secs(4);
const NODE: usize = 4096;
const COMMITS: usize = 200;

/// Measures storing and reading 4 KiB nodes.
pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    if !report.wants("http") {
        return Ok(());
    }
    let fsync = fsyncs_per_second()?;
    report.add("http: one write and fsync of 4 KiB at a time", fsync, "/s", "the machine's own");
    let bare = bare_axum().await?;
    report.add(
        "http: a bare axum handler, 4 KiB answer",
        bare,
        "/s",
        "16 connections, same client",
    );
    let world = World::start().await?;
    let put = load(&world, |lane, number| {
        let node = node(lane, number);
        (Method::PUT, format!("/api/realm/self/nodes/{}", node.key), node.bytes)
    })
    .await?;
    report.add(
        "http: PUT 4 KiB nodes, new, durable",
        put,
        "/s",
        format!("{:.1} x fsync; goal >= 4,000", put / fsync),
    );
    let get = load(&world, |lane, number| {
        let node = node(lane, number % 100);
        (Method::GET, format!("/api/realm/self/nodes/{}", node.key), Bytes::new())
    })
    .await?;
    report.add(
        "http: GET 4 KiB nodes",
        get,
        "/s",
        format!("{:.2} of bare axum; goal >= 40,000", get / bare),
    );
    let mut told = commits_told(&world).await?;
    let p50 = percentile_ms(&mut told, 0.5);
    let p99 = percentile_ms(&mut told, 0.99);
    report.add(
        "http: commit sent -> told on an event stream, p99",
        p99,
        "ms",
        format!("goal < 1,000; p50 {p50:.2}"),
    );
    world.stop().await;
    Ok(())
}

/// How long it takes from sending a commit until somebody else's event stream tells of it.
async fn commits_told(world: &World) -> anyhow::Result<Vec<Duration>> {
    let (mut owner, mut tool) = (connect(world.address).await?, connect(world.address).await?);
    let mut samples = Vec::new();
    for _ in 0..COMMITS {
        let body = br#"{"input":[],"writable":{}}"#;
        let made = ask(
            &mut owner,
            Method::POST,
            "/api/realm/self/tickets",
            ("x-admin-api-key", KEY),
            body,
        )
        .await?;
        let made: serde_json::Value = serde_json::from_slice(&made.collect().await?.to_bytes())?;
        let ticket =
            made["ticketId"].as_str().ok_or_else(|| anyhow::anyhow!("no ticket was made"))?;
        let mut listener = connect(world.address).await?;
        let path = format!("/api/realm/self/tickets/{ticket}/events");
        let mut events =
            ask(&mut listener, Method::GET, &path, ("x-admin-api-key", KEY), b"").await?;
        anyhow::ensure!(events.frame().await.is_some(), "the event stream is empty");
        let output = format!(r#"{{"output":"{}"}}"#, carnet_ticket::realm::NodeKey::EMPTY_DICT);
        let credential = format!("Ticket {ticket}");
        let started = Instant::now();
        let path = "/api/realm/self/tickets/self/commit";
        let commit =
            ask(&mut tool, Method::POST, path, ("authorization", &credential), output.as_bytes());
        let (commit, told) = tokio::join!(commit, events.frame());
        anyhow::ensure!(told.is_some(), "the event stream ended without a word");
        samples.push(started.elapsed());
        commit?.collect().await?;
    }
    Ok(samples)
}

async fn ask(
    sender: &mut SendRequest<Full<Bytes>>,
    method: Method,
    path: &str,
    (name, value): (&str, &str),
    body: &[u8],
) -> anyhow::Result<hyper::body::Incoming> {
    let request =
        Request::builder().method(method).uri(path).header("host", "localhost").header(name, value);
    let response =
        sender.send_request(request.body(Full::new(Bytes::copy_from_slice(body)))?).await?;
    anyhow::ensure!(
        response.status() == StatusCode::OK,
        "{path} was answered {}",
        response.status()
    );
    Ok(response.into_body())
}

/// A node of 4 KiB like no other.
fn node(lane: u64, number: u64) -> Encoded {
    let mut data = [0; NODE - 16];
    data[..8].copy_from_slice(&lane.to_le_bytes());
    data[8..16].copy_from_slice(&number.to_le_bytes());
    encode_successor(&[], &data, &Limits::default()).unwrap_or_else(|error| unreachable!("{error}"))
}

/// Requests answered with 200 in a second, over [`CONNECTIONS`].
pub(crate) async fn load(
    world: &World,
    request: impl Fn(u64, u64) -> (Method, String, Bytes) + Send + Sync + 'static,
) -> anyhow::Result<f64> {
    requests_per_second(world.address, Arc::new(request)).await
}

type MakeRequest = dyn Fn(u64, u64) -> (Method, String, Bytes) + Send + Sync;

async fn requests_per_second(
    address: std::net::SocketAddr,
    request: Arc<MakeRequest>,
) -> anyhow::Result<f64> {
    let answered = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let mut lanes = Vec::new();
    for lane in 0..CONNECTIONS {
        let mut sender = connect(address).await?;
        let (request, answered) = (request.clone(), answered.clone());
        lanes.push(tokio::spawn(async move {
            for number in 0.. {
                if started.elapsed() >= LENGTH {
                    break;
                }
                let (method, path, body) = request(lane, number);
                let request = Request::builder()
                    .method(method)
                    .uri(path)
                    .header("host", "localhost")
                    .header("x-admin-api-key", KEY)
                    .body(Full::new(body))?;
                let response = sender.send_request(request).await?;
                anyhow::ensure!(
                    response.status() == StatusCode::OK,
                    "answered {}",
                    response.status()
                );
                response.into_body().collect().await?;
                answered.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        }));
    }
    for lane in lanes {
        lane.await??;
    }
    #[expect(clippy::cast_precision_loss, reason = "some hundred thousand")]
    Ok(answered.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64())
}

async fn connect(address: std::net::SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn bare_axum() -> anyhow::Result<f64> {
    let body = Bytes::from(vec![7; NODE]);
    let router = axum::Router::new().fallback(move || {
        let body = body.clone();
        async move { body }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let rate =
        requests_per_second(address, Arc::new(|_, _| (Method::GET, "/".to_owned(), Bytes::new())))
            .await;
    server.abort();
    rate
}

/// Writes of 4 KiB, each followed by fsync, in a second.
pub(crate) fn fsyncs_per_second() -> anyhow::Result<f64> {
    let mut file = tempfile::tempfile()?;
    let (started, mut count) = (Instant::now(), 0_u32);
    while started.elapsed() < Duration::from_secs(2) {
        file.write_all(&[7; NODE])?;
        file.sync_data()?;
        count += 1;
    }
    Ok(f64::from(count) / started.elapsed().as_secs_f64())
}
