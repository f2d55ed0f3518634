//! How soon a revocation has ended what lives from a credential in other processes.

mod verifier;

pub use verifier::verify;

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::Method;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::http::{connect, request};
use crate::report::{Report, percentile_ms};
use crate::world::World;

/// What makes this program a verifier.
pub const VERIFIER: &str = "verifier";

const PROCESSES: usize = 5;

/// Live grants in each.
const GRANTS: usize = 2_000;

const ROUNDS: usize = 200;

/// Measures revocations over the feed.
pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    if !report.wants("revocation: 10,000 live grants in 5 processes end") {
        return Ok(());
    }
    let world = World::start().await?;
    let mut verifiers = Vec::new();
    for _ in 0..PROCESSES {
        verifiers.push(Verifier::start(world.address).await?);
    }
    let (mut operator, mut samples) = (connect(world.address).await?, Vec::new());
    for round in 0..ROUNDS {
        samples.push(revoke(&mut operator, &mut verifiers, round).await?);
    }
    let p50 = percentile_ms(&mut samples, 0.5);
    report.add(
        "revocation: 10,000 live grants in 5 processes end, p99",
        percentile_ms(&mut samples, 0.99),
        "ms",
        format!("goal < 100; p50 {p50:.2}"),
    );
    drop(verifiers);
    world.stop().await;
    Ok(())
}

/// How long it takes from sending a revocation until the last grant that it names has ended, wherever it is.
async fn revoke(
    operator: &mut SendRequest<Full<Bytes>>,
    verifiers: &mut [Verifier],
    round: usize,
) -> anyhow::Result<Duration> {
    let subject = format!("round-{round}");
    for verifier in verifiers.iter_mut() {
        verifier.say(&subject).await?;
    }
    for verifier in verifiers.iter_mut() {
        verifier.hear("live").await?;
    }
    let body = Bytes::from(format!(r#"{{"kind":"subject","value":"{subject}"}}"#));
    let path = "/api/v1/admin/revocations";
    operator.ready().await?;
    let started = Instant::now();
    let answer = operator.send_request(request(Method::POST, path, body)).await?;
    for verifier in verifiers.iter_mut() {
        verifier.hear("ended").await?;
    }
    let elapsed = started.elapsed();
    ensure!(answer.status().is_success(), "a revocation was answered {}", answer.status());
    answer.into_body().collect().await?;
    Ok(elapsed)
}

/// A process that has grants, and hears of revocations over the network. It is killed when it is dropped.
struct Verifier {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Verifier {
    async fn start(address: SocketAddr) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([VERIFIER, &address.to_string(), &GRANTS.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = child.stdin.take().context("a verifier has no input")?;
        let output = child.stdout.take().context("a verifier has no output")?;
        let output = BufReader::new(output).lines();
        let mut verifier = Self { _child: child, input, output };
        verifier.hear("listening").await?;
        Ok(verifier)
    }

    async fn say(&mut self, line: &str) -> anyhow::Result<()> {
        Ok(self.input.write_all(format!("{line}\n").as_bytes()).await?)
    }

    async fn hear(&mut self, expected: &str) -> anyhow::Result<()> {
        let line = self.output.next_line().await?;
        ensure!(line.as_deref() == Some(expected), "a verifier said {line:?}, not {expected}");
        Ok(())
    }
}
