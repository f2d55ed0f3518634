//! `carnet task list`.

use carnet_realm::client::ClientError;
use carnet_ticket::task::TaskState;
use comfy_table::{Table, presets};
use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::task::ListArgs;
use crate::commands::ticket::list::query;
use crate::connect::{self, Surroundings};
use crate::output;

/// The most that one page has.
const PAGE_MAX: usize = 1000;

/// Lists tasks, newest first.
pub async fn run(args: &ListArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let client = connect::client(&args.server, surroundings)?;
    let filters = [
        ("state", args.state.map(|state| TaskState::as_str(state).to_owned())),
        ("capability", args.capability.as_ref().map(ToString::to_string)),
        ("worker_id", args.worker.as_ref().map(ToString::to_string)),
    ];
    let (mut tasks, mut cursor) = (Vec::new(), None::<String>);
    while tasks.len() < args.limit {
        let limit = (args.limit - tasks.len()).min(PAGE_MAX).to_string();
        let set = filters.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
        let cursors = cursor.as_deref().map(|cursor| ("cursor", cursor));
        let parameters = [("limit", limit.as_str())].into_iter().chain(set).chain(cursors);
        let page = client.call(Method::GET, &query("/api/v1/tasks", parameters), None).await?;
        let rows = page["tasks"].as_array().ok_or(ClientError::BadAnswer)?;
        tasks.extend(rows.iter().cloned());
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    Ok(output::show(args.server.format, &json!({ "tasks": tasks }), table)?)
}

fn table(value: &Value) -> String {
    let mut table = Table::new();
    let header = ["ID", "STATE", "CAPABILITY", "WORKER", "ATTEMPT", "CREATED", "OUTPUT"];
    table.load_style(presets::NOTHING).set_header(header);
    for task in value["tasks"].as_array().into_iter().flatten() {
        let columns = ["id", "state", "capability", "worker_id", "attempt", "created_at", "output"];
        table.add_row(columns.map(|name| output::text(&task[name])));
    }
    table.trim_fmt()
}
