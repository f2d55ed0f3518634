//! `carnet worker run`: a worker whose tasks programs do.

mod child;
mod program;

use carnet_worker::WorkerApplication;

use crate::cli::run::WorkerRunArgs;
use crate::connect::Surroundings;
use program::Program;

/// Works until it is told to end; with `--once` it only says that it is there.
pub async fn run(args: WorkerRunArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let mut machine = super::machine(surroundings);
    if let Some(url) = args.control_plane {
        machine.env.insert("PLATFORM_URL".to_owned(), url);
    }
    if let Some(interval_s) = args.heartbeat_interval {
        machine.env.insert("WORKER_HEARTBEAT_INTERVAL".to_owned(), interval_s.to_string());
    }
    let mut worker = WorkerApplication::new(args.name.as_str()).surroundings(machine);
    if let Some(id) = args.id {
        worker = worker.worker_id(id.as_str());
    }
    if let Some(port) = args.port {
        worker = worker.https_port(port);
    }
    if let Some(address) = args.listen {
        worker = worker.rpc_listen(address);
    }
    if let Some(capacity) = args.capacity {
        worker = worker.capacity(capacity);
    }
    for (capability, program) in args.tasks {
        let program =
            Program::find(capability, &program, &args.output_type, &args.env, surroundings)?;
        worker = worker.task(program);
    }
    if args.once {
        let running = worker.serve().await?;
        running.reported().await;
        running.shutdown().await;
        return Ok(());
    }
    Ok(worker.serve_until_told().await?)
}
