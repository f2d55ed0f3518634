//! Answers of a control plane, read within limits.

use http::StatusCode;
use reqwest::{RequestBuilder, Response};

use super::FollowError;

/// The answer, which is a good one.
pub(super) async fn open(request: RequestBuilder) -> Result<Response, FollowError> {
    let response = request.send().await?;
    match response.status() {
        StatusCode::OK => Ok(response),
        status => Err(FollowError::Status(status)),
    }
}

/// The text of the answer, which has at most `max` bytes.
pub(super) async fn body(request: RequestBuilder, max: usize) -> Result<String, FollowError> {
    let mut response = open(request).await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > max {
            return Err(FollowError::Answer);
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| FollowError::Answer)
}
