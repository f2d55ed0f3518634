//! Nodes over HTTP.

use bytes::Bytes;
use carnet_ticket::realm::NodeKey;
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{Client, ClientError};
use crate::layout::NodeSource;
use crate::node::Encoded;

/// What a node is, without its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Its key.
    pub key: NodeKey,
    /// `dict`, `file` or `successor`.
    pub kind: String,
    /// The bytes of its payload.
    pub payload_size: u64,
    /// A file's content type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// A file's size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
    /// A directory's entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children: Option<BTreeMap<String, NodeKey>>,
    /// The nodes that continue it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successors: Option<Vec<NodeKey>>,
}

impl Client {
    /// Stores a node. Repeated when that may help: it is named by its hash.
    pub async fn put_node(&self, node: Encoded) -> Result<(), ClientError> {
        let path = self.realm_path(&format!("/nodes/{}", node.key));
        self.send_repeatable(self.request(Method::PUT, &path)?.body(node.bytes)).await?;
        Ok(())
    }

    /// The bytes of a node, checked against its key; none when there is no such node.
    pub async fn node_bytes(&self, key: NodeKey) -> Result<Option<Bytes>, ClientError> {
        let path = self.realm_path(&format!("/nodes/{key}"));
        let response = match self.send_repeatable(self.request(Method::GET, &path)?).await {
            Ok(response) => response,
            Err(ClientError::Refused(refusal)) if refusal.status == StatusCode::NOT_FOUND => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let bytes = response.bytes().await.map_err(ClientError::Network)?;
        if NodeKey::of(&bytes) == key { Ok(Some(bytes)) } else { Err(ClientError::WrongBytes(key)) }
    }

    /// What a node is.
    pub async fn metadata(&self, key: NodeKey) -> Result<Metadata, ClientError> {
        let body = self.call_realm(Method::GET, &format!("/nodes/{key}/metadata"), None).await?;
        serde_json::from_value(body).map_err(|_| ClientError::BadAnswer)
    }
}

impl NodeSource for Client {
    type Error = ClientError;

    async fn node(&self, key: NodeKey) -> Result<Option<Bytes>, ClientError> {
        self.node_bytes(key).await
    }
}
