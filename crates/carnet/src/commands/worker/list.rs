//! `carnet worker list`.

use carnet_realm::client::ClientError;
use comfy_table::{Table, presets};
use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::ServerArgs;
use crate::commands::ticket::list::query;
use crate::connect::{self, Surroundings};
use crate::output;

/// Lists the workers that have registered, by id.
pub async fn run(server: &ServerArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let (mut workers, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let cursors = cursor.as_deref().map(|cursor| ("cursor", cursor));
        let path = query("/api/v1/workers", [("limit", "1000")].into_iter().chain(cursors));
        let page = client.call(Method::GET, &path, None).await?;
        let rows = page["workers"].as_array().ok_or(ClientError::BadAnswer)?;
        workers.extend(rows.iter().cloned());
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    Ok(output::show(server.format, &json!({ "workers": workers }), table)?)
}

fn table(value: &Value) -> String {
    let mut table = Table::new();
    let header = ["ID", "NAME", "STATE", "TASKS", "LOAD", "LAST HEARD", "CAPABILITIES"];
    table.load_style(presets::NOTHING).set_header(header);
    for worker in value["workers"].as_array().into_iter().flatten() {
        let text = |name: &str| output::text(&worker[name]);
        let load = worker["load_score"].as_f64().unwrap_or(0.0);
        table.add_row([
            text("id"),
            text("name"),
            text("state"),
            super::show::tasks(worker),
            format!("{load:.2}"),
            text("last_heartbeat"),
            text("capabilities"),
        ]);
    }
    table.trim_fmt()
}
