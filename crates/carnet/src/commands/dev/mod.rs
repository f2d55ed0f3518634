//! `carnet dev`: a server, and a worker that does something, as one.

mod handlers;
pub mod process;
pub mod worker;

use crate::cli::{DevArgs, ServeArgs};
use crate::commands::serve;
use crate::connect::Surroundings;
use crate::output;
use process::WorkerProcess;

/// Serves until SIGINT or SIGTERM, with the worker beside it.
pub async fn run(args: DevArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let args = ServeArgs { config: args.config };
    serve::run_beside(args, surroundings, |data_dir, port| {
        let worker = WorkerProcess::start(&surroundings.cwd.join(data_dir), port, surroundings)?;
        output::line("try: carnet task run image.thumbnail --input p.png --output t.png")?;
        Ok(Some(worker))
    })
    .await
}
