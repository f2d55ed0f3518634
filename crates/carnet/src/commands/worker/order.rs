//! `carnet worker cordon`, `uncordon`, `drain`, `quarantine`, `release`.

use reqwest::Method;
use serde_json::json;

use crate::cli::worker::OrderArgs;
use crate::connect::{self, Surroundings};
use crate::output;

/// Does something to a worker, and says how it counts now.
pub async fn run(verb: &str, args: &OrderArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let client = connect::client(&args.server, surroundings)?;
    let path = format!("/api/v1/admin/workers/{}/{verb}", args.id);
    let body = json!({ "reason": args.reason });
    let worker = client.call(Method::POST, &path, Some(&body)).await?;
    output::show(args.server.format, &worker, |worker| {
        format!("{} is {}", output::text(&worker["id"]), output::text(&worker["state"]))
    })?;
    if verb == "release" {
        eprintln!("next: carnet enroll new --name {}", output::text(&worker["name"]));
    }
    Ok(())
}
