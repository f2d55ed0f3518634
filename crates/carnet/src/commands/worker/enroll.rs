//! `carnet worker enroll`: what every worker begins with, by itself.

use carnet_worker::WorkerIdentity;

use crate::cli::worker::WorkerEnrollArgs;
use crate::connect::Surroundings;
use crate::output;

/// Reuses, renews or enrolls, and tells whose certificate is there then.
pub async fn run(args: WorkerEnrollArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let machine = super::machine(surroundings);
    let identity = WorkerIdentity::bootstrap(&machine, args.name, args.id).await?;
    output::show(args.format, &identity.record(), |record| {
        let rows = [
            ("name", record.name.to_string()),
            ("identity", record.spiffe_id.to_string()),
            ("serial", record.serial.clone()),
            ("expires", identity.expires_at().to_string()),
            ("directory", identity.dir().display().to_string()),
        ];
        output::fields(&rows)
    })?;
    Ok(())
}
