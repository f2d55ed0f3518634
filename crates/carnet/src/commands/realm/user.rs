//! `carnet realm user`.

use clap::ValueEnum;
use comfy_table::{Table, presets};
use serde_json::{Value, json};

use crate::cli::{ServerArgs, UserCommand};
use crate::connect::{self, Surroundings};
use crate::output;

/// Runs a command on the owners of realms.
pub async fn run(command: UserCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        UserCommand::List { server } => list(&server, surroundings).await,
        UserCommand::Role { id, role, server } => {
            let client = connect::client(&server, surroundings)?;
            let name = role.to_possible_value();
            let name = name.as_ref().map_or("", |name| name.get_name());
            let user = client.set_user_role(&id, name).await?;
            Ok(output::show(server.format, &user, |user| output::text(&user["role"]))?)
        }
        UserCommand::Quota { id, bytes, server } => {
            let client = connect::client(&server, surroundings)?;
            let user = client.set_user_quota(&id, bytes).await?;
            Ok(output::show(server.format, &user, |user| quota(&user["quotaLimit"]))?)
        }
    }
}

async fn list(server: &ServerArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let mut users = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = client.list_users(cursor.as_deref()).await?;
        users.extend(page["users"].as_array().cloned().unwrap_or_default());
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    Ok(output::show(server.format, &json!({ "users": users }), table)?)
}

fn table(value: &Value) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["USER", "ROLE", "QUOTA", "EMAIL", "NAME"]);
    for user in value["users"].as_array().into_iter().flatten() {
        let column = |name: &str| output::text(&user[name]);
        let quota = quota(&user["quotaLimit"]);
        table.add_row([column("userId"), column("role"), quota, column("email"), column("name")]);
    }
    table.trim_fmt()
}

/// A quota as people read it.
fn quota(value: &Value) -> String {
    match value.as_u64() {
        None | Some(0) => "no limit".to_owned(),
        Some(bytes) => output::bytes(bytes),
    }
}
