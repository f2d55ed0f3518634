//! [`ClientError`]: why a request did not do what it was for.

use std::fmt;
use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::Value;

/// Why a request did not do what it was for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server refused.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The server could not be reached, or the connection ended.
    #[error("the server cannot be reached")]
    Network(#[source] reqwest::Error),
    /// The server answered something that it should not.
    #[error("the server's answer makes no sense")]
    BadAnswer,
    /// The credential cannot be sent.
    #[error("the credential has characters that cannot be sent")]
    BadCredential,
    /// What came back is not what was asked for.
    #[error("the server sent other bytes than {0}")]
    WrongBytes(carnet_ticket::realm::NodeKey),
}

/// A refusal, as the server told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The code.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// The request's id.
    pub request_id: String,
    /// What the server tells beside.
    pub details: Value,
    /// After how long it is worth trying again, when the server says.
    pub retry_after: Option<Duration>,
}

impl ClientError {
    /// Whether the same again may go better.
    pub(super) fn is_worth_repeating(&self) -> bool {
        match self {
            Self::Network(_) => true,
            Self::Refused(refusal) => {
                refusal.status.is_server_error() || refusal.status == StatusCode::TOO_MANY_REQUESTS
            }
            _ => false,
        }
    }

    /// Whether the server has not found out yet, and goes on with it when it is asked again.
    pub(super) fn is_undecided(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.code == "scope_undecided")
    }

    /// The refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status.as_u16(), self.message)?;
        if !self.details.is_null() {
            write!(f, " {}", self.details)?;
        }
        Ok(())
    }
}

/// The refusal in an answer.
pub(super) async fn refused(response: Response) -> ClientError {
    let status = response.status();
    let header = |name: &str| response.headers().get(name)?.to_str().ok();
    let request_id = header("x-request-id").unwrap_or_default().to_owned();
    let retry_after = header("retry-after").and_then(|after| after.parse().ok());
    let retry_after = retry_after.map(Duration::from_secs);
    let body = super::json(response).await.unwrap_or(Value::Null);
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let message = match text("message") {
        empty if empty.is_empty() => status.canonical_reason().unwrap_or("refused").to_owned(),
        message => message,
    };
    let details = body["details"].clone();
    let code = text("error");
    let refusal = Refusal { status, code, message, request_id, details, retry_after };
    ClientError::Refused(Box::new(refusal))
}
