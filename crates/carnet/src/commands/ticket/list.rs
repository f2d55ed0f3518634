//! `carnet ticket list`: the ledger.

use carnet_realm::client::{Client, ClientError};
use comfy_table::{Table, presets};
use reqwest::{Method, Url};
use serde_json::{Value, json};

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::output;

/// Lists everything minted that the filters let through, newest first.
pub async fn run(
    filters: &[(&str, Option<String>)],
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let filters: Vec<_> = filters
        .iter()
        .filter_map(|(name, value)| value.as_deref().map(|value| (*name, value)))
        .collect();
    let tickets = all(&client, &filters).await?;
    Ok(output::show(server.format, &json!({ "tickets": tickets }), table)?)
}

/// Every entry of the ledger that the filters let through, newest first.
pub async fn all(client: &Client, filters: &[(&str, &str)]) -> Result<Vec<Value>, ClientError> {
    let mut tickets = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = page(client, filters, cursor.as_deref()).await?;
        tickets.extend(page["tickets"].as_array().ok_or(ClientError::BadAnswer)?.iter().cloned());
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return Ok(tickets);
        }
    }
}

async fn page(
    client: &Client,
    filters: &[(&str, &str)],
    cursor: Option<&str>,
) -> Result<Value, ClientError> {
    let cursor = cursor.map(|cursor| ("cursor", cursor));
    let parameters = [("limit", "1000")].into_iter().chain(filters.iter().copied()).chain(cursor);
    client.call(Method::GET, &query("/api/v1/admin/tickets", parameters), None).await
}

/// A path with a query, percent-encoded.
pub fn query<'a>(path: &str, parameters: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    // The host is not used: the client knows where its server is.
    let url = Url::parse_with_params(&format!("http://localhost{path}"), parameters);
    url.map_or_else(
        |_| path.to_owned(),
        |url| format!("{}?{}", url.path(), url.query().unwrap_or_default()),
    )
}

fn table(value: &Value) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["ID", "CLASS", "SUBJECT", "STATUS", "ISSUED", "EXPIRES"]);
    for ticket in value["tickets"].as_array().into_iter().flatten() {
        let columns = ["id", "class", "subject", "status", "issued_at", "expires_at"];
        table.add_row(columns.map(|name| output::text(&ticket[name])));
    }
    table.trim_fmt()
}
