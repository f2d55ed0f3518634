//! `carnet realm client`.

use comfy_table::{Table, presets};
use serde_json::Value;

use crate::cli::ClientCommand;
use crate::connect::{self, Surroundings};
use crate::output;

/// Runs a command on clients that have a key of their own.
pub async fn run(command: ClientCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        ClientCommand::List { server } => {
            let clients = connect::client(&server, surroundings)?.list_clients().await?;
            Ok(output::show(server.format, &clients, table)?)
        }
        ClientCommand::Approve { id, code, server } => {
            let client = connect::client(&server, surroundings)?;
            let answer = client.approve_client(&id.to_string(), &code).await?;
            let until =
                |answer: &Value| format!("approved until {}", output::moment(&answer["expiresAt"]));
            Ok(output::show(server.format, &answer, until)?)
        }
        ClientCommand::Revoke { id, server } => {
            let client = connect::client(&server, surroundings)?;
            let answer = client.delete_client(&id.to_string()).await?;
            Ok(output::show(server.format, &answer, |_| "revoked".to_owned())?)
        }
    }
}

fn table(value: &Value) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["CLIENT", "NAME", "APPROVED", "EXPIRES"]);
    for client in value["items"].as_array().into_iter().flatten() {
        let column = |name: &str| output::text(&client[name]);
        let moment = |name: &str| output::moment(&client[name]);
        let row =
            [column("clientId"), column("clientName"), moment("createdAt"), moment("expiresAt")];
        table.add_row(row);
    }
    table.trim_fmt()
}
