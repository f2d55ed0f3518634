//! Who may call what: a row for every route of the listener. A route without a row fails.

use std::collections::BTreeMap;

use carnet_server::fleet;
use reqwest::Method;
use serde_json::json;

use super::support::{Fleet, csr, key};
use crate::support::{ADMIN_KEY, API_KEY, AUTHORITY, As};

/// The columns: nobody, a worker, an operator, an administrator's key, a service's key.
type Row = [u16; 5];

const OPEN: Row = [200; 5];

fn rows() -> BTreeMap<(&'static str, &'static str), Row> {
    BTreeMap::from([
        (("GET", "/health"), OPEN),
        (("GET", "/ca/certificate"), OPEN),
        (("GET", "/ca/bundle"), OPEN),
        (("GET", "/ca/crl"), OPEN),
        (("POST", "/certificates/platform"), [410; 5]),
        (("POST", "/certificates/server"), [410; 5]),
        (("POST", "/certificates/client"), [410; 5]),
        (("POST", "/certificates/csr"), [401; 5]),
        (("POST", "/certificates/renew"), [401, 200, 200, 401, 401]),
        (("DELETE", "/certificates/{serial}"), [401, 403, 404, 404, 403]),
        (("POST", "/v1/workers/register"), [401, 422, 403, 401, 401]),
        (("POST", "/v1/workers/{id}/heartbeat"), [401, 422, 403, 401, 401]),
        (("DELETE", "/v1/workers/{id}"), [401, 200, 403, 401, 401]),
        (("GET", "/v1/workers"), [401, 200, 403, 401, 401]),
        (("POST", "/api/v1/worker/{id}/leases/{resource}/renew"), [401, 403, 403, 401, 401]),
        (("POST", "/api/v1/worker/{id}/tasks/{task}/events"), [401, 403, 403, 401, 401]),
        (("POST", "/register"), [401, 422, 403, 401, 401]),
        (("POST", "/heartbeat"), [401, 422, 403, 401, 401]),
        (("DELETE", "/deregister/{id}"), [401, 200, 403, 401, 401]),
        (("POST", "/route"), [401, 422, 403, 401, 401]),
        (("GET", "/capabilities"), [401, 200, 403, 401, 401]),
        (("GET", "/workers"), [401, 200, 403, 401, 401]),
        (("POST", "/api/v1/worker/{id}/heartbeat"), [401, 200, 403, 401, 401]),
        (("GET", "/api/v1/worker/{id}/revocations"), [401, 200, 403, 401, 401]),
        (("GET", "/api/v1/revocations/stream"), [401, 200, 403, 401, 401]),
        (("GET", "/api/v1/revocations/snapshot"), [401, 200, 403, 401, 401]),
        (("GET", "/.well-known/jwks.json"), OPEN),
        (("GET", "/health/live"), OPEN),
        (("GET", "/health/ready"), OPEN),
    ])
}

/// Promise: K-40
#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_for_whom_its_row_says() {
    // Only a server with keys has a feed.
    let fleet = Fleet::start_with(&AUTHORITY).await;
    let rows = rows();
    let worker = fleet.member("hello-world").await;
    let operator_key = key();
    let body = json!({ "csr": csr(&operator_key, None), "name": "ada", "kind": "operator" });
    let issued = fleet.server.post(As::Admin, "/api/v1/admin/ca/issue", &body).await.expect(201);
    let operator = super::support::Member {
        key: operator_key.serialize_pem(),
        certificate: issued.json()["certificate"].as_str().unwrap().to_owned(),
        answer: json!({}),
    };
    for route in fleet::all() {
        let row = rows.get(&(route.method, route.path));
        let row = row.unwrap_or_else(|| panic!("{} {} has no row", route.method, route.path));
        let path = route.path.replace("{serial}", "40000000000000000000000000000000");
        let path = path.replace("{id}", "worker-1");
        // A stream ends at once where nobody ever was.
        let url = format!("{}{path}?since=9", fleet.url);
        let clients = [
            (fleet.client(None), None),
            (fleet.client(Some(&worker)), None),
            (fleet.client(Some(&operator)), None),
            (fleet.client(None), Some(("X-Admin-API-Key", ADMIN_KEY))),
            (fleet.client(None), Some(("X-API-Key", API_KEY))),
        ];
        for ((client, header), expected) in clients.into_iter().zip(row) {
            let mut request =
                client.request(Method::from_bytes(route.method.as_bytes()).unwrap(), &url);
            if let Some((name, value)) = header {
                request = request.header(name, value);
            }
            if route.method == "POST" {
                request = request.json(&json!({ "csr": csr(&key(), None) }));
            }
            let answer = fleet.send(request).await;
            assert_eq!(answer.status.as_u16(), *expected, "{} {path}", route.method);
        }
    }
    assert_eq!(rows.len(), fleet::all().len(), "a row without a route");
    // Nobody who was refused has left anything: the worker itself alone has said that it is there.
    let workers = fleet.server.get(As::Admin, "/api/v1/workers").await.expect(200).json();
    assert_eq!(workers["workers"].as_array().unwrap().len(), 1);
    assert_eq!(workers["workers"][0]["name"], "hello-world");
}
