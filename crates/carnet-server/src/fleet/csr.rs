//! [`CsrForm`]: the body that asks for a certificate. Source: worker runtime spec, section 5, as Crank's clients
//! send it.

use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use serde_json::{Map, Value};

use crate::problem::Problem;
use crate::registry::form;
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
    match form::json(bytes)? {
        Value::Object(object) => Ok(object),
        other => Err(form::unprocessable(vec![form::no_dictionary(&other)])),
    }
}

pub(super) fn refusal(status: StatusCode, detail: impl Into<Value>) -> Problem {
    Problem::detailed(status, "refused", detail)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
