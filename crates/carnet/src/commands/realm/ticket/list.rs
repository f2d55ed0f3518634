//! `carnet realm ticket list`.

use comfy_table::{Table, presets};
use serde_json::{Value, json};

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::output;

/// Lists every ticket of the realm, newest first.
pub async fn run(
    status: Option<&str>,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let mut tickets = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = client.list_tickets(status, cursor.as_deref()).await?;
        tickets.extend(page["tickets"].as_array().cloned().unwrap_or_default());
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    output::show(server.format, &json!({ "tickets": tickets }), table)?;
    Ok(())
}

fn table(value: &Value) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["TICKET", "STATUS", "LIVE", "EXPIRES", "PURPOSE"]);
    for ticket in value["tickets"].as_array().into_iter().flatten() {
        let column = |name: &str| output::text(&ticket[name]);
        let expires = output::moment(&ticket["expiresAt"]);
        table.add_row([
            column("ticketId"),
            column("status"),
            column("live"),
            expires,
            column("purpose"),
        ]);
    }
    table.trim_fmt()
}
