//! `carnet ca show`.

use comfy_table::{Table, presets};
use reqwest::Method;
use serde_json::Value;

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::output;

/// Shows the CA certificates that are trusted.
pub async fn run(server: &ServerArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let answer = client.call(Method::GET, "/api/v1/admin/ca", None).await?;
    Ok(output::show(server.format, &answer, text)?)
}

/// The CA as an answer tells it.
pub fn text(answer: &Value) -> String {
    let (bundle, count) = (&answer["bundle"], &answer["certificates"]);
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["STATE", "EXPIRES", "SHA256"]);
    for ca in bundle["certificates"].as_array().into_iter().flatten() {
        table.add_row(["state", "not_after", "sha256"].map(|name| output::text(&ca[name])));
    }
    let rows = [
        ("trust domain", output::text(&bundle["trust_domain"])),
        ("sequence", output::text(&bundle["sequence"])),
        ("live certificates", output::text(&count["live"])),
        ("revoked certificates", output::text(&count["revoked"])),
    ];
    format!("{}\n\n{}", output::fields(&rows), table.trim_fmt())
}
