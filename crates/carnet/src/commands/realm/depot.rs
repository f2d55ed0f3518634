//! `carnet realm depot`.

use carnet_realm::client::{Client, DepotFields};
use comfy_table::{Table, presets};
use serde_json::{Value, json};

use crate::cli::{DepotCommand, ServerArgs};
use crate::connect::{self, Surroundings};
use crate::output;

/// Runs a command on depots.
pub async fn run(command: DepotCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        DepotCommand::List(server) => {
            let depots = all(&connect::client(&server, surroundings)?).await?;
            Ok(output::show(server.format, &json!({ "depots": depots }), table)?)
        }
        DepotCommand::Create { title, max_history, server } => {
            let client = connect::client(&server, surroundings)?;
            let made = client.create_depot(&DepotFields { title, max_history }).await?;
            Ok(output::show(server.format, &made, |depot| output::text(&depot["depotId"]))?)
        }
        DepotCommand::Show { id, server } => {
            let client = connect::client(&server, surroundings)?;
            show(&server, &client.depot(&id.to_string()).await?)
        }
        DepotCommand::Commit { id, key, expect, server } => {
            let client = connect::client(&server, surroundings)?;
            show(&server, &client.commit_depot(&id.to_string(), key, expect).await?)
        }
        DepotCommand::Update { id, title, max_history, server } => {
            let client = connect::client(&server, surroundings)?;
            let fields = DepotFields { title, max_history };
            show(&server, &client.update_depot(&id.to_string(), &fields).await?)
        }
        DepotCommand::Delete { id, server } => {
            let client = connect::client(&server, surroundings)?;
            let answer = client.delete_depot(&id.to_string()).await?;
            Ok(output::show(server.format, &answer, |_| "deleted".to_owned())?)
        }
    }
}

/// Every depot of the realm, newest first.
async fn all(client: &Client) -> anyhow::Result<Vec<Value>> {
    let mut depots = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = client.list_depots(cursor.as_deref()).await?;
        depots.extend(page["depots"].as_array().cloned().unwrap_or_default());
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return Ok(depots);
        }
    }
}

fn table(value: &Value) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["DEPOT", "TITLE", "ROOT", "UPDATED"]);
    for depot in value["depots"].as_array().into_iter().flatten() {
        let column = |name: &str| output::text(&depot[name]);
        let updated = output::moment(&depot["updatedAt"]);
        table.add_row([column("depotId"), column("title"), column("root"), updated]);
    }
    table.trim_fmt()
}

fn show(server: &ServerArgs, depot: &Value) -> anyhow::Result<()> {
    output::show(server.format, depot, |depot| {
        output::fields(&[
            ("depot", output::text(&depot["depotId"])),
            ("title", output::text(&depot["title"])),
            ("root", output::text(&depot["root"])),
            ("history", output::text(&depot["history"])),
            ("keeps", output::text(&depot["maxHistory"])),
            ("created", output::moment(&depot["createdAt"])),
            ("updated", output::moment(&depot["updatedAt"])),
        ])
    })?;
    Ok(())
}
