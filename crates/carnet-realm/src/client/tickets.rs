//! Task tickets over HTTP.

use carnet_ticket::realm::NodeKey;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Client, ClientError};

/// A ticket to be made.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewTicketRequest {
    /// What it may read; none for the whole realm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Vec<NodeKey>>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What it may write; none for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writable: Option<WritableFields>,
    /// How long it counts, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// Whether it may make children of itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub delegable: bool,
}

/// What a ticket may write.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WritableFields {
    /// The most bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
    /// The content types, as patterns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept: Option<Vec<String>>,
}

impl Client {
    /// Makes a ticket: the server's answer, with `ticketId`.
    pub async fn create_ticket(&self, request: &NewTicketRequest) -> Result<Value, ClientError> {
        let body = serde_json::to_value(request).map_err(|_| ClientError::BadAnswer)?;
        self.call_realm(Method::POST, "/tickets", Some(&body)).await
    }

    /// Makes a child of a ticket: the server's answer, with `ticketId`. What is not said it gets from its parent.
    pub async fn attenuate(
        &self,
        id: &str,
        request: &NewTicketRequest,
    ) -> Result<Value, ClientError> {
        let body = serde_json::to_value(request).map_err(|_| ClientError::BadAnswer)?;
        self.call_realm(Method::POST, &format!("/tickets/{id}/children"), Some(&body)).await
    }

    /// A ticket; `self` is the client's own.
    pub async fn ticket(&self, id: &str) -> Result<Value, ClientError> {
        self.call_realm(Method::GET, &format!("/tickets/{id}"), None).await
    }

    /// A page of tickets, newest first: one with a thousand inputs has 40 KB.
    pub async fn list_tickets(
        &self,
        status: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<Value, ClientError> {
        let status = status.map(|status| format!("&status={status}")).unwrap_or_default();
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        self.call_realm(Method::GET, &format!("/tickets?limit=250{status}{cursor}"), None).await
    }

    /// Gives a ticket its result.
    pub async fn commit(&self, id: &str, output: NodeKey) -> Result<Value, ClientError> {
        self.call_realm(
            Method::POST,
            &format!("/tickets/{id}/commit"),
            Some(&json!({ "output": output })),
        )
        .await
    }

    /// Revokes a ticket.
    pub async fn revoke(&self, id: &str) -> Result<Value, ClientError> {
        self.call_realm(Method::POST, &format!("/tickets/{id}/revoke"), None).await
    }

    /// Deletes a ticket.
    pub async fn delete_ticket(&self, id: &str) -> Result<Value, ClientError> {
        self.call_realm(Method::DELETE, &format!("/tickets/{id}"), None).await
    }
}
