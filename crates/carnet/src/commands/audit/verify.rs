//! `carnet audit verify`: whether the chain holds, row by row, in memory that does not grow with it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use carnet_authority::audit::{Extent, Fault, Lines, Report, Verifier};
use carnet_authority::keyring::Purpose;
use carnet_realm::client::{Client, ClientError};
use carnet_ticket::ed25519::VerifyingKey;
use reqwest::Method;
use serde_json::Value;

use crate::cli::ServerArgs;
use crate::cli::audit::{ExportExtent, VerifyArgs};
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::files;
use crate::output;

/// How much of a file is read at a time.
const PIECE_LEN: usize = 64 << 10;

/// The longest line of a file of checkpoints, its end included. What is longer is no checkpoint.
const CHECKPOINT_LINE_MAX: u64 = 4096 + 1;

/// Verifies an export, or what the server has. Exit 1 is a broken chain and nothing else.
pub async fn run(args: &VerifyArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let VerifyArgs { server, data_dir, token_file, format, .. } = args;
    let server = ServerArgs::at(server.clone(), data_dir.clone(), token_file.clone(), *format);
    let keys = match (&args.checkpoint, &args.jwks_file) {
        (None, _) => Vec::new(),
        (Some(_), Some(path)) => keys_of_file(path)?,
        (Some(_), None) => keys_of_server(&connect::client(&server, surroundings)?).await?,
    };
    let mut verifier = Verifier::new(extent(args.extent), keys);
    if let Some(path) = &args.checkpoint {
        take_checkpoints(&mut verifier, path).map_err(|error| files::unusable(path, error))?;
    }
    match &args.file {
        Some(path) => {
            take_file(&mut verifier, path).map_err(|error| files::unusable(path, error))?;
        }
        None => take_all(&mut verifier, &connect::client(&server, surroundings)?).await?,
    }
    judge(args, &verifier.report())
}

const fn extent(extent: ExportExtent) -> Extent {
    match extent {
        ExportExtent::Whole => Extent::Whole,
        ExportExtent::Stretch => Extent::Stretch,
        ExportExtent::Excerpt => Extent::Excerpt,
    }
}

fn keys_of_file(path: &Path) -> Result<Vec<VerifyingKey>, Failure> {
    let jwks = serde_json::from_str(&files::key_set(path)?);
    let jwks = jwks.map_err(|_| files::unusable(path, "not a set of public keys"))?;
    checkpoint_keys(&jwks).map_err(|why| files::unusable(path, why))
}

async fn keys_of_server(client: &Client) -> Result<Vec<VerifyingKey>, Failure> {
    let jwks = client.call(Method::GET, "/.well-known/jwks.json", None).await;
    let jwks = jwks.map_err(could_not_ask)?;
    checkpoint_keys(&jwks).map_err(|why| Failure::CouldNotRun(format!("the server's keys: {why}")))
}

fn checkpoint_keys(jwks: &Value) -> Result<Vec<VerifyingKey>, &'static str> {
    let keys = Purpose::AuditCheckpoint.keys_in(jwks).ok_or("not a set of public keys")?;
    if keys.is_empty() { Err("there is no key of checkpoints among them") } else { Ok(keys) }
}

/// Hands in every line: whether it is a checkpoint is the verifier's to say.
fn take_checkpoints(verifier: &mut Verifier, path: &Path) -> std::io::Result<()> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.by_ref().take(CHECKPOINT_LINE_MAX).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(line.trim_ascii());
        if !text.is_empty() {
            verifier.checkpoint(None, &text);
        }
    }
}

fn take_file(verifier: &mut Verifier, path: &Path) -> std::io::Result<()> {
    let mut file = File::open(path)?;
    let (mut lines, mut piece) = (Lines::default(), vec![0; PIECE_LEN]);
    loop {
        match file.read(&mut piece)? {
            0 => break,
            len => lines.feed(&piece[..len], |line| verifier.line(line)),
        }
    }
    lines.finish(|line| verifier.line(line));
    Ok(())
}

/// Takes every row that the server has. An answer that ends before the row that was the last one at its start is
/// no answer.
async fn take_all(verifier: &mut Verifier, client: &Client) -> Result<(), Failure> {
    let head = client.call(Method::GET, "/api/v1/admin/audit/head", None).await;
    let last = head.map_err(could_not_ask)?["seq"].as_u64().unwrap_or(0);
    let answer = client.stream("/api/v1/admin/audit?format=jsonl").await;
    let mut answer = answer.map_err(could_not_ask)?;
    let mut lines = Lines::default();
    let broke_off = |error| could_not_ask(ClientError::Network(error));
    while let Some(piece) = answer.chunk().await.map_err(broke_off)? {
        lines.feed(&piece, |line| verifier.line(line));
    }
    lines.finish(|line| verifier.line(line));
    let report = verifier.report();
    if report.to_seq < last && report.first_fault.is_none() {
        let end = report.to_seq;
        return Err(Failure::CouldNotRun(format!("the answer ended at row {end} of {last}")));
    }
    Ok(())
}

/// Also a refusal says nothing about the chain.
fn could_not_ask(error: ClientError) -> Failure {
    Failure::CouldNotRun(format!("{:#}", anyhow::Error::new(error)))
}

fn judge(args: &VerifyArgs, report: &Report) -> anyhow::Result<()> {
    output::show(args.format, report, text)?;
    let Some(first) = report.first_fault else { return Ok(()) };
    if first.fault == Fault::Gap && first.seq == 1 && args.extent == ExportExtent::Whole {
        eprintln!(
            "note: the rows begin with {}: those of some time are verified with --extent stretch, those that \
             retention left with the checkpoint before them",
            report.from_seq
        );
    }
    let fault = name(first.fault);
    Err(Failure::Check(format!("the chain is broken at row {}: {fault}", first.seq)).into())
}

fn text(report: &Report) -> String {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    if let Some(first) = report.first_fault {
        value["first_fault"] = format!("row {}: {}", first.seq, name(first.fault)).into();
    }
    output::object(&value)
}

/// The name of a fault, as in JSON.
fn name(fault: Fault) -> String {
    serde_json::to_value(fault).map(|name| output::text(&name)).unwrap_or_default()
}
