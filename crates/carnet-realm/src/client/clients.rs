//! Clients with a key of their own over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Client, ClientError};

impl Client {
    /// Asks for a client to be approved: the server's answer, with the code to show.
    pub async fn init_client(&self, public_key: &str, name: &str) -> Result<Value, ClientError> {
        let body = json!({ "pubkey": public_key, "clientName": name });
        self.call(Method::POST, "/api/auth/clients/init", Some(&body)).await
    }

    /// Whether a client is approved.
    pub async fn client_state(&self, id: &str) -> Result<Value, ClientError> {
        self.call(Method::GET, &format!("/api/auth/clients/{id}"), None).await
    }

    /// Approves a client by the code that it shows.
    pub async fn approve_client(&self, id: &str, code: &str) -> Result<Value, ClientError> {
        let body = json!({ "clientId": id, "verificationCode": code });
        self.call(Method::POST, "/api/auth/clients/complete", Some(&body)).await
    }

    /// The clients that act for the caller.
    pub async fn list_clients(&self) -> Result<Value, ClientError> {
        self.call(Method::GET, "/api/auth/clients", None).await
    }

    /// Ends a client, with the tickets that it issued.
    pub async fn delete_client(&self, id: &str) -> Result<Value, ClientError> {
        self.call(Method::DELETE, &format!("/api/auth/clients/{id}"), None).await
    }
}
