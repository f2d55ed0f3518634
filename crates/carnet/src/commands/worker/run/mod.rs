//! `carnet worker run`: a worker whose tasks programs do.

mod child;
mod program;

use std::path::PathBuf;

use carnet_worker::WorkerApplication;

use crate::cli::run::WorkerRunArgs;
use crate::connect::Surroundings;
use program::Program;

/// Works until it is told to end; with `--once` it only says that it is there.
pub async fn run(args: WorkerRunArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let mut machine = super::machine(surroundings);
    machine.env.extend(variables(&args));
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

/// The variables of the environment that flags stand for.
fn variables(args: &WorkerRunArgs) -> impl Iterator<Item = (String, String)> {
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let ttl = args.bootstrap_token_ttl.map(|ttl| format!("{}ms", ttl.as_millis()));
    [
        ("PLATFORM_URL", args.control_plane.clone()),
        ("WORKER_HEARTBEAT_INTERVAL", args.heartbeat_interval.map(|secs| secs.to_string())),
        ("CARNET_CONFIG", path(&args.config)),
        ("CARNET_AUTH_WORKER_TOKEN_FILE", path(&args.worker_token_file)),
        ("CARNET_AUTH_WORKER_SIGNING_KEY_FILE", path(&args.worker_signing_key_file)),
        ("CARNET_WORKER_BOOTSTRAP_ADMIN_KEY_FILE", path(&args.bootstrap_admin_key_file)),
        ("CARNET_WORKER_BOOTSTRAP_TOKEN_TTL", ttl),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
}
