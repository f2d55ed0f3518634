//! What goes on beside requests: meters are stored, the audit is sealed, what is over is swept.

use std::error::Error;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use carnet_authority::audit::{
    Actor, Checkpoint, CheckpointError, Details, Event, Kind, Outcome, Text,
};
use carnet_authority::keyring::Purpose;
use carnet_realm::realms::{GcError, GcOptions, GcReport};
use carnet_store::{InsertCheckpointError, StoreError};
use carnet_ticket::time::Timestamp;
use tokio_util::task::TaskTracker;

use crate::audit::nobody;
use crate::ca;
use crate::events;
use crate::state::App;

/// Meters read at a time.
const PAGE: u32 = 1000;

/// How often the files of the configuration are looked at.
const WATCH_INTERVAL: Duration = Duration::from_secs(5);

/// How often it is written down when workers were last heard.
const REGISTRY_INTERVAL: Duration = Duration::from_secs(5);

/// How often it is looked who was not heard for too long.
const LOST_INTERVAL: Duration = Duration::from_secs(10);

/// How often what is over is swept.
const SWEEP_INTERVAL: Duration = Duration::from_hours(1);

/// How often streams of revocations say that they are alive.
const ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// How often it is looked whether a checkpoint is due by its rows.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Why no checkpoint was made.
#[derive(Debug, thiserror::Error)]
enum SealError {
    #[error(transparent)]
    Sign(#[from] CheckpointError),
    #[error(transparent)]
    Insert(#[from] InsertCheckpointError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Goes on where the last process stopped to count.
pub(crate) async fn restore_meters(app: &App) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = app.store().list_meters(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.content_id);
        app.gate().restore_meters(&page);
    }
}

/// Starts it all. It ends when the server stops, after what is counted is stored.
pub(crate) fn start(app: &App, tasks: &TaskTracker) {
    tasks.spawn(store_meters(app.clone()));
    tasks.spawn(seal_audit(app.clone()));
    tasks.spawn(sweep(app.clone()));
    tasks.spawn(save_registry(app.clone()));
    tasks.spawn(sweep_registry(app.clone()));
    tasks.spawn(collect(app.clone()));
    tasks.spawn(watch_files(app.clone()));
    tasks.spawn(ca::upkeep(app.clone()));
    tasks.spawn(tell_alive(app.clone()));
    tasks.spawn(events::beat(app.clone()));
    tasks.spawn(crate::tasks::schedule(app.clone()));
}

async fn tell_alive(app: App) {
    loop {
        tokio::select! {
            () = app.clock().sleep(ALIVE_INTERVAL) => app.feed().tell_alive(&app).await,
            () = app.draining().cancelled() => return,
        }
    }
}

async fn watch_files(app: App) {
    loop {
        tokio::select! {
            () = app.clock().sleep(WATCH_INTERVAL) => app.reload_if_changed().await,
            () = app.draining().cancelled() => return,
        }
    }
}

async fn store_meters(app: App) {
    let mut stopped = false;
    while !stopped {
        tokio::select! {
            () = app.clock().sleep(app.config().gate.meter_flush) => {}
            () = app.draining().cancelled() => stopped = true,
        }
        flush_meters(&app).await;
    }
}

/// Stores what was spent since the last time.
pub(crate) async fn flush_meters(app: &App) {
    let spendings = app.gate().unsaved_meters();
    if spendings.is_empty() {
        return;
    }
    match app.store().flush_meters(&spendings).await {
        Ok(()) => app.gate().meters_saved(&spendings),
        Err(error) => tracing::error!(%error, "meters were not stored; they are tried again"),
    }
}

/// Writes down when workers were last heard.
async fn save_registry(app: App) {
    let mut stopped = false;
    while !stopped {
        tokio::select! {
            () = app.clock().sleep(REGISTRY_INTERVAL) => {}
            () = app.draining().cancelled() => stopped = true,
        }
        if let Err(error) = app.registry().save().await {
            tracing::error!(%error, "heartbeats were not stored; they are tried again");
        }
    }
}

/// Notes which workers are lost.
async fn sweep_registry(app: App) {
    loop {
        tokio::select! {
            () = app.clock().sleep(LOST_INTERVAL) => {
                app.registry().sweep(app.config().registry.lost_after);
            }
            () = app.draining().cancelled() => return,
        }
    }
}

/// Signs where the audit chain stands: after enough time or enough rows. Revocations that no route of their own
/// made are logged as well.
async fn seal_audit(app: App) {
    let mut since = app.clock().now();
    loop {
        tokio::select! {
            () = app.clock().sleep(LOOK_INTERVAL) => {}
            () = app.draining().cancelled() => return,
        }
        app.hear_revocations().await;
        match seal_if_due(&app, since).await {
            Ok(true) => since = app.clock().now(),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "no checkpoint of the audit was made"),
        }
    }
}

/// Signs where the chain stands, when enough time went by `since` the last time or enough rows came. Without a
/// key nothing is signed, and nothing is wrong. Tells whether a checkpoint was made.
async fn seal_if_due(app: &App, since: Timestamp) -> Result<bool, SealError> {
    let (head, last) = (app.store().audit_head().await?, app.store().last_checkpoint().await?);
    let config = app.config();
    let is_due = app.clock().now() >= since.after(config.audit.checkpoint_interval);
    let rows = head.seq.saturating_sub(last);
    let is_full = rows >= u64::from(config.audit.checkpoint_rows);
    let keyring = app.authority().keyring();
    let key = keyring.active(Purpose::AuditCheckpoint).and_then(|key| key.signing_key());
    let Some(key) = key.filter(|_| rows > 0 && (is_due || is_full)) else { return Ok(false) };
    let (iss, at) = (Text::new(&app.issuer()), app.clock().now());
    let checkpoint = Checkpoint { iss, seq: head.seq, hash: head.hash, at, prev_seq: last };
    let signed = checkpoint.sign(key)?;
    let line = signed.as_str().to_owned();
    app.store().insert_checkpoint(signed).await?;
    if let Some(path) = &config.audit.checkpoint_file
        && let Err(error) = append(path, &line)
    {
        // It is in the database: the next one does not wait for the file.
        tracing::error!(%error, ?path, "a checkpoint is not in audit.checkpoint_file");
    }
    Ok(true)
}

fn append(path: &Path, line: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.append(true).create(true).mode(0o600).open(path)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_data()
}

async fn sweep(app: App) {
    loop {
        if let Err(error) = sweep_once(&app).await {
            tracing::error!(%error, "what is over was not swept");
        }
        tokio::select! {
            () = app.clock().sleep(SWEEP_INTERVAL) => {}
            () = app.draining().cancelled() => return,
        }
    }
}

async fn sweep_once(app: &App) -> Result<(), StoreError> {
    let now = app.clock().now();
    app.store().prune_meters(now).await?;
    app.store().sweep_ledger(now).await?;
    app.store().sweep_enrollments(now).await?;
    app.store().sweep_certificates(now).await?;
    app.store().sweep_sessions(now).await?;
    app.store().sweep_idempotency_keys(now).await?;
    let retention = app.config().audit.retention;
    if retention.is_zero() {
        return Ok(());
    }
    while app.store().prune_audit(now.before(retention)).await?.is_some() {}
    Ok(())
}

async fn collect(app: App) {
    loop {
        let interval = app.config().realm.gc_interval;
        // Switched off, it looks now and then whether it still is.
        let pause = if interval.is_zero() { SWEEP_INTERVAL } else { interval };
        tokio::select! {
            () = app.clock().sleep(pause) => {}
            () = app.draining().cancelled() => return,
        }
        if interval.is_zero() {
            continue;
        }
        let actor = Actor { id: "server".into(), ..nobody() };
        let (now, outcome) = (app.clock().now(), Outcome::Allowed);
        let event = Event::new(now, Kind::Db, actor, "realm.gc", "realms", outcome, "upkeep");
        tokio::select! {
            collected = collect_garbage(&app, false, event) => if let Err(error) = collected {
                tracing::error!(%error, source = ?error.source(), "not all garbage was collected");
            },
            // What is left is the next one's.
            () = app.draining().cancelled() => return,
        }
    }
}

/// Removes the nodes that nothing names, or tells which would go. What was removed is audited as `event`.
pub(crate) async fn collect_garbage(
    app: &App,
    is_dry_run: bool,
    mut event: Event,
) -> Result<GcReport, GcError> {
    let options = GcOptions { grace: app.config().realm.gc_grace, is_dry_run };
    let report = app.realms().collect_garbage(options).await?;
    if !is_dry_run && report.removed_nodes + report.removed_blobs > 0 {
        let counts = [
            ("nodes", report.removed_nodes),
            ("bytes", report.removed_bytes),
            ("blobs", report.removed_blobs),
        ];
        let counts = counts.map(|(name, count)| (name.to_owned(), count.into()));
        event.details = Details::new(counts.into_iter().collect());
        app.store().record(event).await?;
    }
    Ok(report)
}
