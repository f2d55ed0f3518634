//! What the authority makes and remembers: minting over HTTP, the ledger, the audit chain.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use carnet_authority::audit::{Actor, Event, Extent, Head, Kind, Outcome, Row, Status, Verifier};
use carnet_authority::ledger::LedgerEntry;
use carnet_store::{Store, StoreOptions};
use carnet_ticket::id::{KeyId, UniqueId};
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Class;
use http::Method;

use crate::http::{fsyncs_per_second, load, request};
use crate::report::Report;
use crate::world::World;

const LENGTH: Duration = Duration::from_secs(3);
const ROWS: u64 = 500_000;

/// Measures minting, recording and verifying.
pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    if report.wants("authority: worker token") {
        mint(report).await?;
    }
    if report.wants("authority: ledger") {
        ledger(report).await?;
    }
    if report.wants("authority: audit verify") {
        verify(report)?;
    }
    Ok(())
}

async fn mint(report: &mut Report) -> anyhow::Result<()> {
    let world = World::start().await?;
    let body = Bytes::from_static(br#"{"worker_id":"worker-1"}"#);
    let rate = load(&world, move |_, _| {
        request(Method::POST, "/api/v1/admin/worker-tokens", body.clone())
    })
    .await?;
    let name = "authority: worker token minted over HTTP, durable, audited";
    report.add(name, rate, "/s", "16 connections; goal >= 1,500 per core");
    world.stop().await;
    Ok(())
}

async fn ledger(report: &mut Report) -> anyhow::Result<()> {
    let fsync = fsyncs_per_second()?;
    report.add("authority: ledger: fsync of 4 KiB at a time", fsync, "/s", "the machine's own");
    for writers in [1_u8, 8, 64] {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("db");
        let options = StoreOptions { path, busy_timeout: LENGTH, readers: 2 };
        let store = Store::open(&options)?;
        let started = Instant::now();
        let tasks: Vec<_> = (0..writers)
            .map(|writer| tokio::spawn(insert(store.clone(), writer, started)))
            .collect();
        let mut count = 0;
        for task in tasks {
            count += task.await??;
        }
        let rate = f64::from(count) / started.elapsed().as_secs_f64();
        let name = format!("authority: ledger entry with its audit row, {writers} writers");
        report.add(&name, rate, "/s", format!("{:.1} x fsync", rate / fsync));
        store.close().await;
    }
    Ok(())
}

async fn insert(store: Store, writer: u8, started: Instant) -> anyhow::Result<u32> {
    let mut count = 0;
    while started.elapsed() < LENGTH {
        let mut random = [writer; 10];
        random[..4].copy_from_slice(&u32::to_be_bytes(count));
        store.insert_ledger_entry(entry(Ulid::new(Timestamp(1), random)), event()).await?;
        count += 1;
    }
    Ok(count)
}

fn entry(id: Ulid) -> LedgerEntry {
    LedgerEntry {
        id,
        class: Class::WorkerToken,
        content_id: UniqueId::from(id.to_string().as_str()),
        token_id: Some("0123456789abcdef0123456789abcdef".to_owned()),
        subject: "worker-1".to_owned(),
        audience: Some("worker:control-plane".to_owned()),
        scopes: vec!["worker:heartbeat".to_owned(), "worker:lease".to_owned()],
        key_id: KeyId([1; 8]),
        parent_id: None,
        tenant_id: None,
        issued_by: "key:admin".to_owned(),
        issued_at: Timestamp(1),
        not_before: None,
        expires_at: Expiration::At(Timestamp(300_000)),
        request_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(),
    }
}

fn event() -> Event {
    let actor = Actor {
        id: "key:admin".into(),
        class: "api-key".into(),
        role: Some("admin".into()),
        fingerprint: Some("3f9a01bc".into()),
    };
    let mut event = Event::new(
        Timestamp(1),
        Kind::Ticket,
        actor,
        "ticket.mint",
        "worker-1",
        Outcome::Allowed,
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    );
    event.method = Some("POST".into());
    event.path = Some("/api/v1/admin/worker-tokens".into());
    event
}

fn verify(report: &mut Report) -> anyhow::Result<()> {
    let event = event();
    let mut head = Head::START;
    let rows: Vec<_> = (0..ROWS)
        .map(|_| {
            let row = head.append(&event);
            head = row.head();
            row
        })
        .collect();
    let rows = Arc::new(rows);
    let started = Instant::now();
    let mut verifier = Verifier::new(Extent::Whole, Vec::new());
    for row in rows.iter() {
        let (canonical, columns) = (row.canonical.as_str(), row.columns());
        verifier.row(&Row { canonical, prev_hash: row.prev_hash, hash: row.hash, columns });
    }
    let told = verifier.report();
    anyhow::ensure!(told.status == Status::Ok, "the chain is broken: {told:?}");
    #[expect(clippy::cast_precision_loss, reason = "half a million")]
    let rate = told.rows as f64 / started.elapsed().as_secs_f64();
    report.add("authority: audit verify, rows in memory", rate, "/s per core", "goal >= 1,000,000");
    Ok(())
}
