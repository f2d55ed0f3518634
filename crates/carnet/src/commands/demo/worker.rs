//! `carnet demo-worker`: a worker of the demo.

use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::ensure;
use axum::body::{Body, Bytes};
use carnet_gate::Clock;
use carnet_worker::{
    CapabilityDefinition, Registration, TaskContext, TaskError, TaskHandler, TaskOutput,
    WorkerApplication, WorkerIdentity, get,
};
use serde::Deserialize;

use super::slow;
use crate::commands::dev::handlers::Thumbnail;
use crate::commands::dev::worker::stdin_ends;
use crate::commands::worker::machine;
use crate::connect::Surroundings;
use crate::output;

/// How often it is looked whether it is registered.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// The capability of holding on to things.
pub const HOLD: &str = "demo.hold";

/// How many things are held.
pub const HELD: usize = 3;

/// Tasks at a time.
const CAPACITY: usize = 2;

/// How often a worker that is listened to says that it is there.
const TICK: Duration = Duration::from_millis(50);

/// Works until whoever started it has ended.
pub async fn run(name: &str, surroundings: &Surroundings) -> anyhow::Result<()> {
    let hold = Hold::default();
    let identity = Arc::clone(&hold.identity);
    let worker = WorkerApplication::new(name)
        .worker_id(name)
        .https_port(0)
        .host(Ipv4Addr::LOCALHOST.into())
        .advertise_host("localhost")
        .surroundings(machine(surroundings))
        .label("name", name)
        .capacity(CAPACITY)
        .route("/ticks", get(ticks))
        .task(Thumbnail)
        .task(hold);
    let running = worker.serve().await?;
    if let Some(own) = running.identity() {
        // Nothing else sets it.
        let _ = identity.set(own);
    }
    while running.registration() != Registration::Ok {
        Clock::System.sleep(LOOK_INTERVAL).await;
    }
    output::line(running.https_url())?;
    stdin_ends().await;
    running.shutdown().await;
    Ok(())
}

/// A stream without an end, for members of the fleet.
async fn ticks() -> Body {
    Body::from_stream(futures::stream::unfold((), |()| async {
        Clock::System.sleep(TICK).await;
        Some((Ok::<_, std::convert::Infallible>(Bytes::from_static(b"tick\n")), ()))
    }))
}

/// Holds a download and an event stream under its task's ticket, and a stream of another worker under its own
/// certificate, until they are taken from it.
#[derive(Default)]
struct Hold {
    identity: Arc<OnceLock<WorkerIdentity>>,
}

#[derive(Deserialize)]
struct Params {
    /// The other worker.
    peer: String,
}

impl TaskHandler for Hold {
    fn capability(&self) -> CapabilityDefinition {
        CapabilityDefinition::new(HOLD, "1.0.0").description("Holds on to what it is given")
    }

    async fn run(&self, task: TaskContext) -> Result<TaskOutput, TaskError> {
        match self.hold(&task).await {
            Ok(()) => Ok(TaskOutput::nothing()),
            Err(error) => Err(TaskError::new("NOT_HELD", error.to_string())),
        }
    }
}

impl Hold {
    async fn hold(&self, task: &TaskContext) -> anyhow::Result<()> {
        let Params { peer } = task.params()?;
        let key = *task.inputs().first().ok_or_else(|| anyhow::anyhow!("there is no input"))?;
        let mut events = task.realm().events("self").await?;
        ensure!(events.chunk().await?.is_some(), "the event stream is empty");
        let download = slow::open(task.realm_url(), task.ticket(), key).await?;
        let identity = self.identity.get().ok_or_else(|| anyhow::anyhow!("not certified yet"))?;
        let mut ticks = identity.http_client()?.get(format!("{peer}/ticks")).send().await?;
        ensure!(ticks.chunk().await?.is_some(), "the other worker says nothing");
        output::line("worker a holds a download, an event stream and a stream of worker b")?;
        let downloading = async {
            let is_whole = download.read_to_end().await;
            ensure!(!is_whole, "the download came to its natural end");
            Ok(output::line("the download ended")?)
        };
        let listening = async {
            while let Ok(Some(_)) = events.chunk().await {}
            anyhow::Ok(output::line("the event stream ended")?)
        };
        let ticking = async {
            while let Ok(Some(_)) = ticks.chunk().await {}
            anyhow::Ok(output::line("the stream of worker b ended (mTLS)")?)
        };
        tokio::try_join!(downloading, listening, ticking)?;
        Ok(())
    }
}
