//! `carnet realm token`.

use carnet_ticket::realm::TokenId;
use comfy_table::{Table, presets};
use serde_json::Value;

use crate::cli::TokenCommand;
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::output;

/// Runs a command on agent tokens.
pub async fn run(command: TokenCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        TokenCommand::Create { name, description, ttl, server } => {
            let ttl_s = ttl.map(|ttl| ttl.as_secs());
            let client = connect::client(&server, surroundings)?;
            let made = client.create_token(&name, description.as_deref(), ttl_s).await?;
            Ok(output::show(server.format, &made, |made| output::text(&made["token"]))?)
        }
        TokenCommand::List { server } => {
            let tokens = connect::client(&server, surroundings)?.list_tokens().await?;
            Ok(output::show(server.format, &tokens, table)?)
        }
        TokenCommand::Revoke { id, server } => {
            connect::refuse_secret(&id)?;
            let id: TokenId =
                id.parse().map_err(|_| Failure::Usage("a token's id is token:…".to_owned()))?;
            let client = connect::client(&server, surroundings)?;
            let answer = client.delete_token(&id.to_string()).await?;
            Ok(output::show(server.format, &answer, |_| "revoked".to_owned())?)
        }
    }
}

fn table(value: &Value) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["TOKEN", "NAME", "EXPIRES", "DESCRIPTION"]);
    for token in value["tokens"].as_array().into_iter().flatten() {
        let column = |name: &str| output::text(&token[name]);
        let expires = output::moment(&token["expiresAt"]);
        table.add_row([column("id"), column("name"), expires, column("description")]);
    }
    table.trim_fmt()
}
