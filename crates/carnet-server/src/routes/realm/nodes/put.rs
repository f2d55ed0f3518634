//! `PUT /api/realm/{realm}/nodes/{key}`.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_realm::checksum::{ChecksumError, Checksums};
use carnet_realm::node::{self, NodeError};
use carnet_realm::realms::PutNodeError;
use carnet_store::PutError;
use carnet_ticket::verify::Reason;
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde_json::{Value, json};

use super::super::tickets::end_problem;
use super::super::{missing_nodes, scope_problem};
use super::key_in_path;
use crate::auth::{InRealm, actor};
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
const CAS_BLAKE3: HeaderName = HeaderName::from_static("x-cas-blake3");

/// Stores a node. The order of the checks is that of the realm spec, section 5.
pub(in crate::routes) async fn put(
    State(app): State<App>,
    caller: InRealm,
    Path((_, key)): Path<(String, String)>,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let key = key_in_path(&key)?;
    check_content_type(&headers)?;
    let bytes = body::read(&app, &headers, request, app.realms().limits().node_len_max()).await?;
    if bytes.is_empty() {
        return Err(Problem::invalid("Empty", "body"));
    }
    check_sums(&headers, &bytes)?;
    let rights = caller.rights()?;
    let put = app.realms().put_node(rights, &actor(&caller.grant), key, bytes.clone()).await;
    put.map_err(|error| problem(&caller, error))?;
    let node = node::decode(&bytes, app.realms().limits()).map_err(|_| Problem::internal())?;
    Ok(Json(
        json!({ "key": key, "kind": node.kind().as_str(), "payloadSize": node.payload_size() }),
    ))
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(header::CONTENT_TYPE) {
        Some(value) if value.as_bytes() != b"application/octet-stream" => {
            Err(Problem::invalid("ContentType", "Content-Type"))
        }
        _ => Ok(()),
    }
}

fn check_sums(headers: &HeaderMap, bytes: &[u8]) -> Result<(), Problem> {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let checked =
        Checksums::parse(text(&CONTENT_MD5), text(&CAS_BLAKE3)).and_then(|sums| sums.check(bytes));
    checked.map_err(|error| match error {
        ChecksumError::Mismatch { header } => Problem::other(
            StatusCode::BAD_REQUEST,
            "checksum_mismatch",
            "the bytes have another checksum",
        )
        .with(json!({ "field": header })),
        ChecksumError::Malformed { header } => Problem::invalid("Checksum", header),
        _ => Problem::internal(),
    })
}

pub(in crate::routes) fn problem(caller: &InRealm, error: PutNodeError) -> Problem {
    match error {
        PutNodeError::Node(NodeError::TooLarge { max, .. }) => Problem::payload_too_large(max),
        PutNodeError::Node(error) => Problem::invalid(error.name(), "body"),
        PutNodeError::MissingChildren(missing) => missing_nodes(&missing),
        PutNodeError::NotAccepted => caller.grant.deny(Reason::Scope).into(),
        PutNodeError::Scope(error) => scope_problem(caller, error),
        PutNodeError::Put(PutError::Quota(quota)) => {
            ::metrics::counter!("carnet_realm_quota_denied_total").increment(1);
            Problem::other(
                StatusCode::PAYLOAD_TOO_LARGE,
                "quota_exceeded",
                "the quota does not allow it",
            )
            .with(json!({ "limit": quota.limit, "used": quota.used, "requested": quota.requested }))
        }
        PutNodeError::Put(PutError::Ticket(end)) => end_problem(caller, end),
        PutNodeError::Put(PutError::Store(error)) => error.into(),
        error => {
            tracing::error!(%error, source = ?std::error::Error::source(&error), "a node could not be stored");
            Problem::unavailable()
        }
    }
}
