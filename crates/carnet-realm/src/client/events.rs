//! Waiting for a ticket: server-sent events, and long polls where those end early.

use reqwest::{Method, Response};
use serde_json::Value;

use super::{Client, ClientError};

/// The longest line of an event stream that is read.
const LINE_MAX: usize = 1 << 20;

/// How long one long poll takes, seconds.
const POLL_S: u32 = 30;

impl Client {
    /// The ticket, once it has a result or has ended.
    pub async fn wait_for(&self, id: &str) -> Result<Value, ClientError> {
        if let Ok(Some(ticket)) = self.follow(id).await {
            return Ok(ticket);
        }
        loop {
            let ticket =
                self.call_realm(Method::GET, &format!("/tickets/{id}?wait={POLL_S}"), None).await?;
            if is_settled(&ticket) {
                return Ok(ticket);
            }
        }
    }

    /// Opens a ticket's event stream.
    pub async fn events(&self, id: &str) -> Result<Response, ClientError> {
        let path = self.realm_path(&format!("/tickets/{id}/events"));
        self.send(self.request(Method::GET, &path)?).await
    }

    /// The last state that the event stream tells before its end.
    async fn follow(&self, id: &str) -> Result<Option<Value>, ClientError> {
        let mut response = self.events(id).await?;
        let mut text = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(ClientError::Network)? {
            text.extend_from_slice(&chunk);
            while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = text.drain(..=end).collect();
                let state = line
                    .strip_prefix(b"data: ")
                    .and_then(|data| serde_json::from_slice::<Value>(data).ok());
                if let Some(state) =
                    state.filter(|state| state["ticketId"].is_string() && is_settled(state))
                {
                    return Ok(Some(state));
                }
            }
            if text.len() > LINE_MAX {
                return Err(ClientError::BadAnswer);
            }
        }
        Ok(None)
    }
}

/// Whether nothing more becomes of a ticket that matters to who waits.
fn is_settled(ticket: &Value) -> bool {
    ticket["status"] != "issued" || ticket["live"] == false
}
