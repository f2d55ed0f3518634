//! Enrollments and certificates, by an administrator.

use serde_json::{Value, json};

use super::{As, Server};

/// A request for a new key that asks for nothing.
pub fn new_csr() -> String {
    csr_of(&rcgen::KeyPair::generate().unwrap())
}

/// A request for this key that asks for nothing.
pub fn csr_of(key: &rcgen::KeyPair) -> String {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.serialize_request(key).unwrap().pem().unwrap()
}

impl Server {
    /// A new enrollment: its id and its token.
    pub async fn enrollment(&self, name: &str) -> (String, String) {
        let body = json!({ "name": name });
        let made = self.post(As::Admin, "/api/v1/admin/enrollments", &body).await;
        let made = made.expect(201).json();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("id"), text("token"))
    }

    /// A certificate for a new key.
    pub async fn issue(&self, kind: &str, name: &str) -> Value {
        let body = json!({ "csr": new_csr(), "kind": kind, "name": name });
        self.post(As::Admin, "/api/v1/admin/ca/issue", &body).await.expect(201).json()
    }
}
