//! What browsers are told about pages of other origins.

use reqwest::Method;

use crate::support::{Answer, As, Server};

/// Asks as a browser does before it sends a `PUT` for a page of `origin`.
async fn preflight(server: &Server, path: &str, origin: &str) -> Answer {
    let request = server
        .request(As::Nobody, Method::OPTIONS, path)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "PUT")
        .header("Access-Control-Request-Headers", "authorization");
    server.send(request).await
}

async fn get(server: &Server, path: &str, origin: &str) -> Answer {
    server.send(server.request(As::Nobody, Method::GET, path).header("Origin", origin)).await
}

/// Promise: P-48
#[tokio::test(flavor = "multi_thread")]
async fn any_origin_may_call_without_credentials_of_the_browser() {
    let server = Server::start().await;
    let lists = [
        (
            "/api/realm/self/nodes/x",
            "GET, HEAD, POST, PUT, PATCH, DELETE",
            "Content-Type, Authorization, Range, If-None-Match, Content-MD5, X-CAS-Blake3, X-AWP-Pubkey, X-AWP-Timestamp, X-AWP-Nonce, X-AWP-Signature",
        ),
        (
            "/api/v1/admin/keys",
            "GET, POST, PUT, DELETE, OPTIONS",
            "Content-Type, X-API-Key, X-Admin-API-Key, X-Request-ID, X-User-ID, X-Tenant-ID, Authorization, Idempotency-Key",
        ),
    ];
    for (path, methods, headers) in lists {
        let answer = preflight(&server, path, "https://a.example").await.expect(204);
        assert!(answer.bytes.is_empty());
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-allow-methods"), methods);
        assert_eq!(answer.header("access-control-allow-headers"), headers);
        assert_eq!(answer.header("access-control-max-age"), "600");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        assert_eq!(answer.header("x-request-id").len(), 26);
        let refused = get(&server, path, "https://a.example").await;
        assert_eq!(refused.header("access-control-allow-origin"), "*", "errors can be read too");
        assert!(refused.header("access-control-expose-headers").contains("X-Request-ID"));
    }
    let plain = server.request(As::Nobody, Method::OPTIONS, "/api/realm/self");
    server.send(plain).await.expect_error(405, "method_not_allowed");
}

/// Promise: P-48
#[tokio::test(flavor = "multi_thread")]
async fn exact_origins_are_echoed_and_others_refused() {
    let origins = "https://a.example,http://localhost:3000";
    let server = Server::start_with(&[("server.cors_allowed_origins", origins)]).await;
    for origin in ["https://a.example", "http://localhost:3000"] {
        for answer in [
            preflight(&server, "/api/realm/self", origin).await.expect(204),
            get(&server, "/api/health", origin).await.expect(200),
            get(&server, "/api/realm/self", origin).await.expect(401),
        ] {
            assert_eq!(answer.header("access-control-allow-origin"), origin);
            assert_eq!(answer.header("vary"), "Origin");
        }
    }
    for origin in ["https://b.example", "https://a.example.evil", "null", "HTTPS://a.example"] {
        let refused = preflight(&server, "/api/realm/self", origin).await.expect(403);
        assert_eq!(refused.header("access-control-allow-methods"), "");
        let answer = get(&server, "/api/health", origin).await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), "");
        assert_eq!(answer.header("vary"), "Origin");
    }
    let server = Server::start_with(&[("server.cors_allowed_origins", "[]")]).await;
    preflight(&server, "/api/realm/self", "https://a.example").await.expect(405);
    let answer = get(&server, "/api/health", "https://a.example").await.expect(200);
    assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), ("", ""));
}
