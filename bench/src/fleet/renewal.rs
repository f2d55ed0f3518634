//! Ten thousand workers whose certificates come to be renewed within a minute.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::member::{Fleet, Member};
use crate::report::{Report, percentile_ms};
use crate::world::World;

const WORKERS: usize = 10_000;

/// Within which all of them renew.
const WINDOW: Duration = Duration::from_secs(55);

const CALLERS: usize = 64;

pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    let world = World::start().await?;
    let fleet = Fleet::of(&world).await?;
    let started = Instant::now();
    let workers = enrolled(&fleet).await?;
    let rate = WORKERS as f64 / started.elapsed().as_secs_f64();
    report.add(
        "fleet: 10,000 workers enroll over TLS, 64 connections",
        rate,
        "/s",
        "client and server on the same cores; each makes a key, signs and verifies a request",
    );
    let started = Instant::now();
    let mut renewing = Vec::new();
    for (number, worker) in workers.into_iter().enumerate() {
        let due = WINDOW.mul_f64(number as f64 / WORKERS as f64);
        let fleet = fleet.clone();
        renewing.push(tokio::spawn(async move {
            tokio::time::sleep_until((started + due).into()).await;
            let began = Instant::now();
            fleet.renew(&worker).await.map(|_| began.elapsed())
        }));
    }
    let (mut samples, mut failed) = (Vec::new(), 0);
    for renewal in renewing {
        match renewal.await? {
            Ok(elapsed) => samples.push(elapsed),
            Err(error) => {
                eprintln!("{error:#}");
                failed += 1;
            }
        }
    }
    let whole = started.elapsed().as_secs_f64();
    let p50 = percentile_ms(&mut samples, 0.5);
    report.add(
        "fleet: 10,000 workers renew over a connection of their own, p99",
        percentile_ms(&mut samples, 0.99),
        "ms",
        format!("goal < 250, none failed in 60 s: {failed} failed in {whole:.1} s; p50 {p50:.2}"),
    );
    world.stop().await;
    Ok(())
}

async fn enrolled(fleet: &Fleet) -> anyhow::Result<Vec<Arc<Member>>> {
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let fleet = fleet.clone();
            tokio::spawn(async move {
                let mut connection = fleet.connect(None).await?;
                let mut members = Vec::new();
                for number in (caller..WORKERS).step_by(CALLERS) {
                    let name = format!("worker-{number}");
                    members.push(Arc::new(fleet.enroll(&mut connection, &name).await?));
                }
                anyhow::Ok(members)
            })
        })
        .collect();
    let mut members = Vec::new();
    for caller in callers {
        members.extend(caller.await??);
    }
    Ok(members)
}
