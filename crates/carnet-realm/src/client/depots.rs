//! Depots over HTTP.

use carnet_ticket::realm::NodeKey;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Client, ClientError};

/// What of a depot is set.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DepotFields {
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How many former roots it keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_history: Option<u64>,
}

impl Client {
    /// Makes a depot.
    pub async fn create_depot(&self, fields: &DepotFields) -> Result<Value, ClientError> {
        let body = serde_json::to_value(fields).map_err(|_| ClientError::BadAnswer)?;
        self.call_realm(Method::POST, "/depots", Some(&body)).await
    }

    /// A depot.
    pub async fn depot(&self, id: &str) -> Result<Value, ClientError> {
        self.call_realm(Method::GET, &format!("/depots/{id}"), None).await
    }

    /// A page of depots, newest first.
    pub async fn list_depots(&self, cursor: Option<&str>) -> Result<Value, ClientError> {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        self.call_realm(Method::GET, &format!("/depots?limit=1000{cursor}"), None).await
    }

    /// Gives a depot a new root, if it still has the expected one.
    pub async fn commit_depot(
        &self,
        id: &str,
        root: NodeKey,
        expected: Option<NodeKey>,
    ) -> Result<Value, ClientError> {
        let mut body = json!({ "root": root });
        if let Some(expected) = expected {
            body["expectedRoot"] = json!(expected);
        }
        self.call_realm(Method::POST, &format!("/depots/{id}/commit"), Some(&body)).await
    }

    /// Changes what is said of a depot.
    pub async fn update_depot(&self, id: &str, fields: &DepotFields) -> Result<Value, ClientError> {
        let body = serde_json::to_value(fields).map_err(|_| ClientError::BadAnswer)?;
        self.call_realm(Method::PATCH, &format!("/depots/{id}"), Some(&body)).await
    }

    /// Deletes a depot. The nodes stay.
    pub async fn delete_depot(&self, id: &str) -> Result<Value, ClientError> {
        self.call_realm(Method::DELETE, &format!("/depots/{id}"), None).await
    }
}
