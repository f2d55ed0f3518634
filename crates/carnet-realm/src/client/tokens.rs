//! Agent tokens over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Client, ClientError};

impl Client {
    /// Makes an agent token: the server's answer, with `token`, which is shown this once.
    pub async fn create_token(
        &self,
        name: &str,
        description: Option<&str>,
        expires_in_s: Option<u64>,
    ) -> Result<Value, ClientError> {
        let body = json!({ "name": name, "description": description, "expiresIn": expires_in_s });
        self.call(Method::POST, "/api/auth/tokens", Some(&body)).await
    }

    /// The caller's tokens that count.
    pub async fn list_tokens(&self) -> Result<Value, ClientError> {
        self.call(Method::GET, "/api/auth/tokens", None).await
    }

    /// Ends a token, with the tickets that its agent issued.
    pub async fn delete_token(&self, id: &str) -> Result<Value, ClientError> {
        self.call(Method::DELETE, &format!("/api/auth/tokens/{id}"), None).await
    }
}
