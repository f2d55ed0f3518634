//! [`CsrForm`]: the body that asks for a certificate. Source: worker runtime spec, section 5, as Crank's clients
//! send it.

use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use serde_json::{Map, Value, json};

use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

/// The most bytes that a body may have.
const BODY_MAX: u64 = 64 << 10;

/// What asks for a certificate.
#[derive(Debug, Clone)]
pub(super) struct CsrForm {
    /// The request for a certificate, in PEM.
    pub(super) csr: String,
    /// Whom it is for, as its sender says.
    pub(super) service_name: Option<String>,
}

impl CsrForm {
    /// Reads the body of a request, whoever sent it.
    pub(super) async fn read(app: &App, parts: &Parts, body: Body) -> Result<Self, Problem> {
        let bytes = body::read(app, &parts.headers, body, BODY_MAX).await?;
        let mut object = object(&bytes)?;
        let text = |value| match value {
            Value::String(text) => text,
            // No CSR, and nobody's name.
            other => other.to_string(),
        };
        let given = |value: &Value| !matches!(value, Value::Null);
        let csr = object.remove("csr").filter(given).map(text).filter(|csr| !csr.is_empty());
        let required = || refusal(StatusCode::BAD_REQUEST, "CSR is required");
        Ok(Self {
            csr: csr.ok_or_else(required)?,
            service_name: object.remove("service_name").filter(given).map(text),
        })
    }
}

/// The JSON object of a body, or what is wrong with it in the words of `FastAPI`.
fn object(bytes: &Bytes) -> Result<Map<String, Value>, Problem> {
    let invalid = match json(bytes)? {
        Value::Object(object) => return Ok(object),
        other => json!({
            "type": "dict_type",
            "loc": ["body"],
            "msg": "Input should be a valid dictionary",
            "input": other,
        }),
    };
    Err(refusal(StatusCode::UNPROCESSABLE_ENTITY, json!([invalid])))
}

/// The JSON of a body, or where it stops to be that, in the words of `FastAPI`.
pub(super) fn json(bytes: &Bytes) -> Result<Value, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let invalid = json!({
            "type": "json_invalid",
            "loc": ["body", offset(bytes, &error)],
            "msg": "JSON decode error",
            "input": {},
            "ctx": { "error": "Expecting value" },
        });
        refusal(StatusCode::UNPROCESSABLE_ENTITY, json!([invalid]))
    })
}

/// The byte at which a text stops to be JSON.
fn offset(bytes: &[u8], error: &serde_json::Error) -> usize {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
    let before: usize = lines.map(<[u8]>::len).sum();
    // Columns count from 1, and one that ends too early is found behind its last byte.
    let column = if error.is_eof() { error.column() } else { error.column().saturating_sub(1) };
    let found = (before + column).min(bytes.len());
    // Of a word that is none it is where the word begins.
    found - bytes[..found].iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count()
}

pub(super) fn refusal(status: StatusCode, detail: impl Into<Value>) -> Problem {
    Problem::detailed(status, "refused", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_a_body_are_told_where_they_are() {
        for (text, offset) in
            [("", 0), ("nope", 0), (" {\"csr\":", 8), ("{\n  \"csr\": x}", 11), ("{} {}", 3)]
        {
            let problem = object(&Bytes::from(text)).unwrap_err();
            assert_eq!(problem.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(problem.detail()[0]["loc"], json!(["body", offset]), "{text}");
        }
        let problem = object(&Bytes::from("[1]")).unwrap_err();
        assert_eq!(problem.detail()[0]["input"], json!([1]));
        assert_eq!(problem.detail()[0]["type"], "dict_type");
    }
}
