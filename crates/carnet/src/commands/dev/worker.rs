//! `carnet dev-worker`: the worker of `carnet dev`.

use std::io::Read as _;
use std::net::Ipv4Addr;

use carnet_worker::WorkerApplication;
use tokio::sync::oneshot;

use super::handlers::{HelloWorld, Thumbnail};
use crate::commands::worker::machine;
use crate::connect::Surroundings;

/// Works until it is told to end, or whoever started it has ended.
pub async fn run(surroundings: &Surroundings) -> anyhow::Result<()> {
    let worker = WorkerApplication::new("dev-worker")
        .https_port(0)
        .host(Ipv4Addr::LOCALHOST.into())
        .advertise_host("localhost")
        .surroundings(machine(surroundings))
        .task(HelloWorld)
        .task(Thumbnail);
    Ok(worker.serve_until(stdin_ends()).await?)
}

/// Waits for the end of stdin.
async fn stdin_ends() {
    let (end, ended) = oneshot::channel::<()>();
    // A thread of its own: nothing waits for it.
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        while stdin.read(&mut [0; 64]).is_ok_and(|len| len > 0) {}
        drop(end);
    });
    let _ = ended.await;
}
