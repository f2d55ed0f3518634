//! `carnet keys list`.

use comfy_table::{Table, presets};
use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::output;

/// Lists the keys.
pub async fn run(server: &ServerArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let answer = client.call(Method::GET, "/api/v1/admin/keys", None).await?;
    Ok(output::show(server.format, &json!({ "keys": answer["keys"] }), table)?)
}

fn table(value: &Value) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "ID",
        "PURPOSE",
        "ALGORITHM",
        "STATE",
        "SOURCE",
        "CREATED",
        "PROMOTED",
    ]);
    for key in value["keys"].as_array().into_iter().flatten() {
        let columns =
            ["id", "purpose", "algorithm", "state", "source", "created_at", "promoted_at"];
        table.add_row(columns.map(|name| output::text(&key[name])));
    }
    table.trim_fmt()
}
