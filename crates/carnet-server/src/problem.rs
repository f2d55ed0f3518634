//! [`Problem`]: what a caller learns when a request fails.

use std::borrow::Cow;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use carnet_ticket::verify::{Class, Reason};
use carnet_ticket::worker_token::WorkerTokenError;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

/// A request that failed: a status, a stable code, a fixed message, and what the caller may know beside.
///
/// The frame renders it as the body that its tree of routes uses.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable code, for programs.
    pub code: &'static str,
    /// The sentence, for people.
    pub message: Cow<'static, str>,
    /// What the caller sent or owns and may be told about.
    pub details: Option<Value>,
    /// After how long it is worth trying again.
    pub retry_after: Option<Duration>,
    /// How many there may be, when there were too many.
    pub limit: Option<u32>,
    /// Why the gate or a grant denied it: for the log alone.
    pub denied: Option<Box<carnet_gate::Denied>>,
}

impl Problem {
    const fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self {
            status,
            code,
            message: Cow::Borrowed(message),
            details: None,
            retry_after: None,
            limit: None,
            denied: None,
        }
    }

    /// 400, with the reason and the field it is about.
    pub fn invalid(reason: &str, field: &str) -> Self {
        let details = serde_json::json!({ "reason": reason, "field": field });
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", "the request is not valid")
            .with(details)
    }

    /// 401.
    pub const fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "a valid credential is needed")
    }

    /// 403.
    pub const fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "not allowed")
    }

    /// 404.
    pub const fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "not found")
    }

    /// 405.
    pub const fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "the method is not allowed here",
        )
    }

    /// 409.
    pub const fn conflict() -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "the state does not allow it")
    }

    /// 410.
    pub const fn gone() -> Self {
        Self::new(StatusCode::GONE, "gone", "it has ended")
    }

    /// 413, with the most bytes that a body may have.
    pub fn payload_too_large(max: u64) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "the body is too large")
            .with(serde_json::json!({ "max": max }))
    }

    /// 429. The wait is told in whole seconds, at least one.
    pub fn rate_limited(retry_after: Duration) -> Self {
        let secs = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
        let retry_after = Duration::from_secs(secs.max(1));
        let mut problem =
            Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", "too many requests")
                .with(serde_json::json!({ "retryAfter": retry_after.as_secs() }));
        problem.retry_after = Some(retry_after);
        problem
    }

    /// 500. What happened is in the log.
    pub const fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "something went wrong on the server",
        )
    }

    /// 503.
    pub fn unavailable() -> Self {
        let mut problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "try again later");
        problem.retry_after = Some(Duration::from_secs(5));
        problem
    }

    /// Any other.
    pub const fn other(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self::new(status, code, message)
    }

    /// This in other words, which are the caller's to read.
    #[must_use]
    pub fn saying(mut self, message: String) -> Self {
        self.message = message.into();
        self
    }

    /// Any, in the words that the fleet's clients know.
    pub fn detailed(status: StatusCode, code: &'static str, detail: impl Into<Value>) -> Self {
        Self::new(status, code, "refused").with(detail.into())
    }

    /// What the fleet's clients are told: its own words, else those of its status.
    pub(crate) fn detail(&self) -> Value {
        match &self.details {
            Some(said @ (Value::String(_) | Value::Array(_))) => said.clone(),
            _ if self.status == StatusCode::PAYLOAD_TOO_LARGE => "Request body is too large".into(),
            _ => self.status.canonical_reason().unwrap_or_default().into(),
        }
    }

    /// The body that says this; the control plane's carries the request id beside.
    pub(crate) fn body(&self) -> Value {
        let mut body = serde_json::json!({ "error": self.code, "message": self.message });
        if let Some(details) = &self.details {
            body["details"] = details.clone();
        }
        body
    }

    /// This with details.
    #[must_use]
    pub fn with(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }
}

impl From<carnet_gate::Denied> for Problem {
    /// The status that a reason has (credential spec, section 7; task tickets: realm spec, section 4).
    fn from(denied: carnet_gate::Denied) -> Self {
        let is_ticket = denied.class == Some(Class::Realm);
        let mut problem = match denied.reason {
            Reason::Unknown if is_ticket => Self::not_found(),
            Reason::Gone(_) | Reason::Expired | Reason::Revoked(_) | Reason::Ended(_)
                if is_ticket =>
            {
                Self::gone()
            }
            Reason::Scope | Reason::Role | Reason::Forged => Self::forbidden(),
            Reason::Rate | Reason::Quota(_) => Self::rate_limited(Duration::from_secs(1)),
            Reason::RevocationStale
            | Reason::Capacity
            | Reason::StatusUnavailable
            | Reason::WorkerToken(WorkerTokenError::Unconfigured) => Self::unavailable(),
            _ => Self::unauthorized(),
        };
        problem.denied = Some(Box::new(denied));
        problem
    }
}

impl IntoResponse for Problem {
    /// A response without a body: the frame writes it, since it knows the tree and the request id.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(after) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs()));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<getrandom::Error> for Problem {
    fn from(error: getrandom::Error) -> Self {
        tracing::error!(%error, "the machine gives no random bytes");
        Self::internal()
    }
}

impl From<carnet_store::StoreError> for Problem {
    /// The store's own words are for the log.
    fn from(error: carnet_store::StoreError) -> Self {
        tracing::error!(%error, source = ?std::error::Error::source(&error), "the store failed");
        match error {
            carnet_store::StoreError::Corrupt(_) | carnet_store::StoreError::BadRow { .. } => {
                Self::internal()
            }
            _ => Self::unavailable(),
        }
    }
}
