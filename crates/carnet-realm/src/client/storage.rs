//! What is stored, as an administrator looks after it, over HTTP.

use carnet_ticket::realm::NodeKey;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Client, ClientError};

/// What was found damaged in all that is stored.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Damage {
    /// How many nodes are damaged.
    pub bad_nodes: u64,
    /// Which, but for what is too many to name.
    pub bad: Vec<NodeKey>,
}

impl Client {
    /// Removes the nodes that nothing names, or tells which would go: the server's answer.
    pub async fn collect_garbage(&self, dry_run: bool) -> Result<Value, ClientError> {
        self.call(Method::POST, "/api/admin/gc", Some(&json!({ "dryRun": dry_run }))).await
    }

    /// Has everything that is stored hashed: the server's answer, and what of it is damaged.
    pub async fn fsck(&self) -> Result<(Value, Damage), ClientError> {
        let answer = self.call(Method::POST, "/api/admin/fsck", None).await?;
        let damage = Damage::deserialize(&answer).map_err(|_| ClientError::BadAnswer)?;
        Ok((answer, damage))
    }
}
