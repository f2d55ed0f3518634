//! `carnet realm node exists`.

use carnet_realm::client::WalkError;
use serde_json::json;

use crate::cli::ServerArgs;
use crate::cli::values::NodePath;
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::output;

/// Tells whether there is a node.
pub async fn run(
    node: &NodePath,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let key = match client.walk(node.key, &node.names).await {
        Ok(key) => client.has_node(key).await?.then_some(key),
        Err(WalkError::Client(error)) => return Err(error.into()),
        Err(_) => None,
    };
    let value = json!({ "key": key, "exists": key.is_some() });
    match key {
        Some(key) => Ok(output::show(server.format, &value, |_| key.to_string())?),
        None => {
            if server.format == output::Format::Json {
                output::show(server.format, &value, |_| String::new())?;
            }
            Err(Failure::Check("there is no such node".to_owned()).into())
        }
    }
}
