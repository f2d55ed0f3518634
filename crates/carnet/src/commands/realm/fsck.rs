//! `carnet realm fsck`.

use serde_json::Value;

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::output;

/// Has everything that is stored hashed. Anything damaged is a failure.
pub async fn run(server: &ServerArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let (report, damage) = connect::client(server, surroundings)?.fsck().await?;
    output::show(server.format, &report, text)?;
    if damage.bad_nodes > 0 {
        let message =
            format!("{} nodes are damaged; store them again, and they are whole", damage.bad_nodes);
        return Err(Failure::Check(message).into());
    }
    Ok(())
}

fn text(report: &Value) -> String {
    let count = |name: &str| report[name].as_u64().unwrap_or(0);
    let mut rows = vec![
        ("nodes", count("checkedNodes").to_string()),
        ("bytes", output::bytes(count("checkedBytes"))),
        ("damaged", count("badNodes").to_string()),
    ];
    let bad = report["bad"].as_array().into_iter().flatten();
    rows.extend(bad.filter_map(|key| Some(("", key.as_str()?.to_owned()))));
    output::fields(&rows)
}
