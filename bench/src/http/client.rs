//! A client that keeps 16 connections busy.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::world::{KEY, World};

/// How many connections there are.
pub const CONNECTIONS: u64 = 16;

/// How long a load goes on, unless it runs out of requests.
const LENGTH: Duration = Duration::from_secs(4);

/// What a load did.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Requests answered with 200 in a second.
    pub requests: f64,
    /// Bytes of their answers in a second.
    pub bytes: f64,
}

/// A request as the service that measures.
pub fn request(method: Method, path: &str, body: Bytes) -> Request<Full<Bytes>> {
    authorized(method, path, ("x-admin-api-key", KEY), body)
}

/// A request with this credential.
pub fn authorized(
    method: Method,
    path: &str,
    (name, value): (&str, &str),
    body: Bytes,
) -> Request<Full<Bytes>> {
    let builder = Request::builder().method(method).uri(path).header("host", "localhost");
    let request = builder.header(name, value).body(Full::new(body));
    request.unwrap_or_else(|error| unreachable!("{error}"))
}

/// Requests answered in a second: `make` is handed a connection's number and a request's.
pub async fn load(
    world: &World,
    make: impl Fn(u64, u64) -> Request<Full<Bytes>> + Send + Sync + 'static,
) -> anyhow::Result<f64> {
    Ok(rate(world.address, move |lane, number| Some(make(lane, number))).await?.requests)
}

/// As [`load`], from any server, until `make` has no more.
pub async fn rate(
    address: SocketAddr,
    make: impl Fn(u64, u64) -> Option<Request<Full<Bytes>>> + Send + Sync + 'static,
) -> anyhow::Result<Rate> {
    let (make, answered, bytes) =
        (Arc::new(make), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut senders = Vec::new();
    for _ in 0..CONNECTIONS {
        senders.push(connect(address).await?);
    }
    let started = Instant::now();
    let lanes = (0..).zip(senders).map(|(lane, mut sender)| {
        let (make, answered, bytes) = (make.clone(), answered.clone(), bytes.clone());
        tokio::spawn(async move {
            for number in 0.. {
                let Some(request) = make(lane, number).filter(|_| started.elapsed() < LENGTH)
                else {
                    break;
                };
                let mut body = ask(&mut sender, request).await?;
                while let Some(frame) = body.frame().await {
                    let len = frame?.data_ref().map_or(0, Bytes::len);
                    bytes.fetch_add(len as u64, Ordering::Relaxed);
                }
                answered.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        })
    });
    for lane in lanes.collect::<Vec<_>>() {
        lane.await??;
    }
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let in_a_second = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64 / seconds;
    Ok(Rate { requests: in_a_second(&answered), bytes: in_a_second(&bytes) })
}

/// Sends a request, which has to be answered with 200.
pub async fn ask(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<Incoming> {
    let path = request.uri().path().to_owned();
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    ensure!(response.status() == StatusCode::OK, "{path} was answered {}", response.status());
    Ok(response.into_body())
}

/// The whole answer to a request, as JSON.
pub async fn ask_json(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<serde_json::Value> {
    let body = ask(sender, request).await?.collect().await?.to_bytes();
    Ok(serde_json::from_slice(&body)?)
}

/// A connection.
pub async fn connect(address: SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}
