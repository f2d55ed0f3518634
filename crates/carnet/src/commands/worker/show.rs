//! `carnet worker show`.

use carnet_ticket::identity::WorkerId;
use reqwest::Method;
use serde_json::Value;

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::output;

/// Shows a worker.
pub async fn run(
    id: &WorkerId,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let worker = client.call(Method::GET, &format!("/api/v1/workers/{id}"), None).await?;
    Ok(output::show(server.format, &worker, text)?)
}

/// A worker as an answer tells it.
fn text(worker: &Value) -> String {
    let text = |name: &str| output::text(&worker[name]);
    let labels = worker["labels"].as_object().into_iter().flatten();
    let labels: Vec<_> =
        labels.map(|(name, value)| format!("{name}={}", output::text(value))).collect();
    output::fields(&[
        ("id", text("id")),
        ("identity", text("spiffe_id")),
        ("state", text("state")),
        ("reason", text("state_reason")),
        ("tasks", tasks(worker)),
        ("load", text("load_score")),
        ("capabilities", text("capabilities")),
        ("labels", if labels.is_empty() { "-".to_owned() } else { labels.join(", ") }),
        ("endpoint", text("endpoint")),
        ("called at", text("rpc_url")),
        ("certificate", text("serial")),
        ("expires", text("cert_expires_at")),
        ("last heard", text("last_heartbeat")),
        ("registered", text("created_at")),
    ])
}

/// How many tasks a worker has, and of how many.
pub fn tasks(worker: &Value) -> String {
    let (active, capacity) = (&worker["active_tasks"], &worker["capacity"]["max_sandboxes"]);
    format!("{}/{}", output::text(active), output::text(capacity))
}
