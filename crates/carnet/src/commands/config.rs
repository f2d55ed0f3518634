//! `carnet config`.

use carnet_config::ShownRow;
use comfy_table::{Table, presets};
use serde_json::{Value, json};

use crate::cli::ConfigCommand;
use crate::connect::Surroundings;
use crate::failure::Failure;
use crate::output;

/// Runs a command on the configuration.
pub fn run(command: ConfigCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    let ConfigCommand::Show { config, format } = command;
    let sources = surroundings.sources(config.config.clone(), super::flags(&config)?);
    let loaded =
        carnet_config::load(&sources).map_err(|errors| Failure::CouldNotRun(errors.to_string()))?;
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    let rows = loaded.rows();
    let row = |row: &ShownRow| json!({ "key": row.key, "value": row.value, "source": row.source });
    let value = json!({
        "file": loaded.file.as_ref().map(|file| file.display().to_string()),
        "keys": rows.iter().map(row).collect::<Vec<Value>>(),
    });
    output::show(format, &value, |_| {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(["KEY", "VALUE", "SOURCE"]);
        for row in &rows {
            table.add_row([row.key, &row.value, row.source]);
        }
        table.trim_fmt()
    })?;
    Ok(())
}
