//! The description of the routes.

use serde_json::Value;

use crate::support::{As, Server};

/// A route without a description fails: what it takes and gives stands in `src/openapi/`.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_described() {
    let server = Server::start().await;
    let document = server.get(As::Nobody, "/openapi.json").await.expect(200).json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document, server.get(As::Nobody, "/api/openapi.json").await.expect(200).json());
    let mut faults = Vec::new();
    // Pages are for people.
    let is_page = |path: &str| path.starts_with("/ui") || path.starts_with("/auth/");
    for route in carnet_server::routes::all().into_iter().filter(|route| !is_page(route.path)) {
        let path = route.path.replace("{*", "{");
        let operation = &document["paths"][path][route.method.to_ascii_lowercase()];
        let is_described = operation["summary"].as_str().is_some_and(|text| !text.is_empty())
            && operation["responses"].as_object().is_some_and(has_answer);
        if !is_described {
            faults.push(format!("{} {} is not described", route.method, route.path));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether something is said of what comes when it goes well.
fn has_answer(responses: &serde_json::Map<String, Value>) -> bool {
    responses.keys().any(|status| status.starts_with('2'))
}
