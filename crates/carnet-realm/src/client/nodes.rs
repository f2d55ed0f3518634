//! Nodes over HTTP.

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use carnet_ticket::realm::NodeKey;
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Client, ClientError};
use crate::node::{Encoded, Limits};

/// How many keys are asked about at a time.
pub(super) const PREPARE_MAX: usize = 1000;

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
    /// The first of the nodes that continue it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<NodeKey>,
    /// The nodes that continue it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successors: Option<Vec<NodeKey>>,
}

#[derive(Deserialize)]
struct Prepared {
    missing: HashSet<NodeKey>,
}

impl Client {
    /// Stores a node. Repeated when that may help: it is named by its hash.
    pub async fn put_node(&self, node: Encoded) -> Result<(), ClientError> {
        let path = self.realm_path(&format!("/nodes/{}", node.key));
        let put = || async {
            self.send(self.request(Method::PUT, &path)?.body(node.bytes.clone())).await
        };
        self.repeat(put).await.map(drop)
    }

    /// Those of `keys` that have to be uploaded before anything may name them. The others are kept for a while.
    pub async fn missing_nodes(&self, keys: &[NodeKey]) -> Result<HashSet<NodeKey>, ClientError> {
        let mut missing = HashSet::new();
        for keys in keys.chunks(PREPARE_MAX) {
            let body = json!({ "keys": keys });
            let ask = || self.call_realm(Method::POST, "/prepare-nodes", Some(&body));
            let answer = self.repeat(ask).await?;
            let prepared: Prepared =
                serde_json::from_value(answer).map_err(|_| ClientError::BadAnswer)?;
            missing.extend(prepared.missing);
        }
        Ok(missing)
    }

    /// The bytes of a node, checked against its key; none when there is no such node.
    pub async fn node_bytes(&self, key: NodeKey) -> Result<Option<Bytes>, ClientError> {
        let path = self.realm_path(&format!("/nodes/{key}"));
        match self.repeat(|| self.fetch(&path)).await {
            Ok(bytes) if NodeKey::of(&bytes) == key => Ok(Some(bytes)),
            Ok(_) => Err(ClientError::WrongBytes(key)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether there is such a node that the caller reaches.
    pub async fn has_node(&self, key: NodeKey) -> Result<bool, ClientError> {
        let path = self.realm_path(&format!("/nodes/{key}"));
        let ask = || async { self.send(self.request(Method::HEAD, &path)?).await };
        match self.repeat(ask).await {
            Ok(_) => Ok(true),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What a node is.
    pub async fn metadata(&self, key: NodeKey) -> Result<Metadata, ClientError> {
        let body = self.read_realm(&format!("/nodes/{key}/metadata")).await?;
        serde_json::from_value(body).map_err(|_| ClientError::BadAnswer)
    }

    /// What the server takes for a node.
    pub async fn node_limits(&self) -> Result<Limits, ClientError> {
        let realm = self.read_realm("").await?;
        let info = self.repeat(|| self.call(Method::GET, "/api/info", None)).await?;
        let node_limit = realm["nodeLimit"].as_u64().and_then(|limit| limit.try_into().ok());
        let name = realm["maxNameBytes"].as_u64().and_then(|limit| limit.try_into().ok());
        let children = info["limits"]["maxCollectionChildren"].as_u64();
        Ok(Limits {
            node_limit: node_limit.ok_or(ClientError::BadAnswer)?,
            max_name_bytes: name.ok_or(ClientError::BadAnswer)?,
            max_children: children
                .and_then(|limit| limit.try_into().ok())
                .ok_or(ClientError::BadAnswer)?,
            ..Limits::default()
        })
    }

    /// The body of a node's answer, which is no longer than any node.
    async fn fetch(&self, path: &str) -> Result<Bytes, ClientError> {
        let mut response = self.send(self.request(Method::GET, path)?).await?;
        let max = usize::try_from(Limits::ANY.node_len_max()).unwrap_or(usize::MAX);
        let declared = response.content_length().unwrap_or(0);
        let mut bytes = Vec::with_capacity(usize::try_from(declared).unwrap_or(max).min(max));
        while let Some(chunk) = response.chunk().await.map_err(ClientError::Network)? {
            if bytes.len() + chunk.len() > max {
                return Err(ClientError::BadAnswer);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.into())
    }
}

fn is_absent(error: &ClientError) -> bool {
    error.refusal().is_some_and(|refusal| refusal.status == StatusCode::NOT_FOUND)
}
