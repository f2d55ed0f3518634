//! `GET` and `HEAD /api/realm/{realm}/nodes/{key}`.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use carnet_realm::node::{HEADER_LEN, KEY_LEN, NodeKind};
use carnet_realm::range::{self, Ranged};
use carnet_realm::realms::NodeBody;
use carnet_store::NodeRow;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{key_in_path, read_problem};
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::routes::etag;
use crate::serve::Cutoff;
use crate::state::App;

/// Up to how many bytes are handed to the kernel whole.
const SENT_AT_ONCE: usize = 128 << 10;

/// Serves a node that the caller reaches.
pub(in crate::routes) async fn get(
    State(app): State<App>,
    caller: InRealm,
    Extension(cutoff): Extension<Cutoff>,
    Path((_, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let key = key_in_path(&key)?;
    let row = app
        .realms()
        .node(caller.rights()?, key)
        .await
        .map_err(|error| read_problem(&caller, error))?;
    serve(&app, &caller, &cutoff, &headers, row).await
}

/// Serves a node that was found: all of it, a part, or that it is known.
pub(super) async fn serve(
    app: &App,
    caller: &InRealm,
    cutoff: &Cutoff,
    headers: &HeaderMap,
    row: NodeRow,
) -> Result<Response, Problem> {
    let mut response = Response::new(Body::empty());
    describe(response.headers_mut(), &row)?;
    if etag::is_known(headers, &format!("\"{}\"", row.key)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    let size = row.size;
    let header = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let part = match range::of_header(header, size) {
        Ranged::Unsatisfiable => return Ok(unsatisfiable(size)),
        Ranged::Whole => 0..size,
        Ranged::Part(part) => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            insert(response.headers_mut(), header::CONTENT_RANGE, &range)?;
            part
        }
    };
    let length = part.end - part.start;
    let body = app.realms().body(&caller.realm, row, part).await;
    let body = body.map_err(|error| read_problem(caller, error))?;
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    *response.body_mut() = match body {
        NodeBody::Bytes(bytes) if bytes.len() <= SENT_AT_ONCE => Body::from(bytes),
        NodeBody::Bytes(bytes) => cutoff.guard(caller.grant.clone(), Body::from(bytes)),
        NodeBody::Stream(chunks) => cutoff.guard(caller.grant.clone(), Body::from_stream(chunks)),
    };
    metrics::counter!("carnet_realm_get_bytes_total").increment(size);
    Ok(response)
}

fn describe(headers: &mut HeaderMap, row: &NodeRow) -> Result<(), Problem> {
    let kind = NodeKind::of_code(row.kind).ok_or(Problem::internal())?;
    let payload = row.size - (HEADER_LEN + KEY_LEN * row.children.len()) as u64;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(HeaderName::from_static("x-cas-kind"), HeaderValue::from_static(kind.as_str()));
    headers.insert(HeaderName::from_static("x-cas-payload-size"), HeaderValue::from(payload));
    if !row.content_type.is_empty() {
        insert(headers, HeaderName::from_static("x-cas-content-type"), &row.content_type)?;
    }
    insert(headers, header::ETAG, &format!("\"{}\"", row.key))?;
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=31536000, immutable"),
    );
    headers.insert(header::VARY, HeaderValue::from_static("Authorization, X-AWP-Pubkey"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    Ok(())
}

fn insert(headers: &mut HeaderMap, name: HeaderName, text: &str) -> Result<(), Problem> {
    headers.insert(name, HeaderValue::from_str(text).map_err(|_| Problem::internal())?);
    Ok(())
}

fn unsatisfiable(size: u64) -> Response {
    let problem = Problem::other(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "range_not_satisfiable",
        "the node has no such bytes",
    );
    let mut response = axum::response::IntoResponse::into_response(problem);
    if let Ok(range) = HeaderValue::from_str(&format!("bytes */{size}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    response
}
