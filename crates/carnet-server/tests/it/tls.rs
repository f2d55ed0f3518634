//! HTTPS on the same listener.

use reqwest::Certificate;

use crate::support::{As, Server, file};

#[tokio::test(flavor = "multi_thread")]
async fn with_a_certificate_the_listener_speaks_https_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(path("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let settings =
        [("server.tls_cert_file", &*path("cert.pem")), ("server.tls_key_file", &*path("key.pem"))];
    let mut server = Server::start_with(&settings).await;
    assert!(
        server.http.get(server.url.replace("https", "http")).send().await.is_err(),
        "plain HTTP"
    );

    let trusted = Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    server.http = reqwest::Client::builder().tls_certs_only([trusted]).build().unwrap();
    server.url = server.url.replace("127.0.0.1", "localhost");
    let node = file("a/b", &vec![8; 500_000]);
    server.put_node(As::Api, &node).await.expect(200);
    assert_eq!(server.get_node(As::Api, node.key).await.expect(200).bytes, node.bytes);
    let live = server.get(As::Nobody, "/live").await.expect(200);
    assert_eq!(live.header("strict-transport-security"), "max-age=31536000");
    let stranger = reqwest::Client::builder().build().unwrap();
    assert!(stranger.get(&server.url).send().await.is_err(), "who does not trust the certificate");
}
