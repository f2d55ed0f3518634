//! `carnet enroll list`.

use carnet_realm::client::ClientError;
use comfy_table::{Table, presets};
use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::ServerArgs;
use crate::commands::ticket::list::query;
use crate::connect::{self, Surroundings};
use crate::output;

/// Lists enrollments, newest first.
pub async fn run(
    is_all: bool,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let (mut enrollments, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let all = if is_all { "true" } else { "false" };
        let parameters = [("limit", "1000"), ("all", all)].into_iter();
        let parameters = parameters.chain(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let path = query("/api/v1/admin/enrollments", parameters);
        let page = client.call(Method::GET, &path, None).await?;
        let rows = page["enrollments"].as_array().ok_or(ClientError::BadAnswer)?;
        enrollments.extend(rows.iter().cloned());
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    Ok(output::show(server.format, &json!({ "enrollments": enrollments }), table)?)
}

fn table(value: &Value) -> String {
    let mut table = Table::new();
    let header = ["ID", "NAME", "STATUS", "EXPIRES", "CREATED BY", "USED BY", "SERIAL"];
    table.load_style(presets::NOTHING).set_header(header);
    for row in value["enrollments"].as_array().into_iter().flatten() {
        let columns = ["id", "name", "status", "expires_at", "created_by", "used_by", "serial"];
        table.add_row(columns.map(|name| output::text(&row[name])));
    }
    table.trim_fmt()
}
