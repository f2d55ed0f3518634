//! The local socket: the operator of this machine needs no credential.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::support::{As, Server, text};

async fn over_socket(server: &Server, path: &str) -> (u16, Value) {
    let socket = server.directory.path().join("api.sock");
    let http = reqwest::Client::builder().unix_socket(socket.as_path()).build().unwrap();
    let response = http.get(format!("http://localhost{path}")).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_is_private_and_its_peer_is_the_local_admin() {
    let server = Server::start().await;
    let mode =
        std::fs::metadata(server.directory.path().join("api.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (status, me) = over_socket(&server, "/api/v1/me").await;
    assert_eq!(status, 200);
    assert_eq!(
        (&me["kind"], &me["id"], &me["roles"]),
        (&json!("user"), &json!("local-admin"), &json!(["admin"]))
    );
    assert_eq!(over_socket(&server, "/api/v1/admin/api-keys").await.0, 200);
    let (_, realm) = over_socket(&server, "/api/realm/self").await;
    assert_eq!(realm["realm"], me["home_realm"]);
    // An administrator reads nobody else's realm.
    server.put_node(As::Api, &text("private")).await.expect(200);
    let key = text("private").key;
    assert_eq!(over_socket(&server, &format!("/api/realm/self/nodes/{key}")).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_over_the_socket_counts_as_anywhere() {
    let server = Server::start().await;
    let socket = server.directory.path().join("api.sock");
    let http = reqwest::Client::builder().unix_socket(socket.as_path()).build().unwrap();
    let me =
        |key: &'static str| http.get("http://localhost/api/v1/me").header("X-API-Key", key).send();
    let answer: Value = me(crate::support::API_KEY).await.unwrap().json().await.unwrap();
    assert_eq!(answer["id"], "key:api");
    assert_eq!(
        me("wrong").await.unwrap().status().as_u16(),
        401,
        "a bad one is refused, also from here"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_goes_with_the_server_and_is_made_anew() {
    let server = Server::start().await;
    let directory = server.stop().await;
    assert!(!directory.path().join("api.sock").exists());
    std::fs::write(directory.path().join("api.sock"), "left over").unwrap();
    let server = Server::start_in(directory, &[]).await;
    assert_eq!(over_socket(&server, "/api/v1/me").await.0, 200);
}
