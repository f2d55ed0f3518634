//! `carnet worker enroll`.

use crate::support::{carnet, run};

/// Promise: K-16
#[test]
fn without_a_certificate_and_a_token_it_says_what_to_set() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = folder.path().join("certs");
    let enroll = |name: &str, value: &str| {
        let mut command = carnet(folder.path());
        command.args(["worker", "enroll"]).env("CERT_DIR", &certificates).env(name, value);
        run(&mut command)
    };
    let ran = enroll("CARNET_DATA_DIR", "data");
    let said = ran.failed(1);
    assert!(said.contains("CA_SERVICE_URL") && said.contains("certs"), "{said}");
    let said = enroll("CA_SERVICE_URL", "https://ca.test:9090");
    assert!(said.failed(1).contains("trust"), "{}", said.err);
    let said = enroll("CARNET_ENROLL_TOKEN", "not-a-token");
    assert!(!said.failed(3).contains("not-a-token"), "{}", said.err);
}
