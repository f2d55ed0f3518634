//! A CA that is the test's own, and the files of `worker.rpc_tls`.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tempfile::TempDir;

/// A CA.
pub struct Pki {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

/// A certificate and its key, in PEM.
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

impl Pki {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for this host.
    pub fn issue(&self, host: &str) -> Pair {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Pair { certificate, key: key.serialize_pem() }
    }
}

impl Pair {
    pub fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()
    }
}

/// What a control plane calls workers with that have no certificate of the fleet.
pub struct Files(TempDir);

impl Files {
    /// Workers of `ca` are called as `own`.
    pub fn new(ca: &Pki, own: &Pair) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.write("ca", &ca.pem);
        files.write_pair(own);
        files
    }

    pub fn write_pair(&self, own: &Pair) {
        self.write("cert", &own.certificate);
        self.write("key", &own.key);
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn path(&self, name: &str) -> String {
        self.0.path().join(format!("{name}.pem")).display().to_string()
    }

    /// The settings that name them, before others.
    pub fn settings(&self, others: &[(&str, &str)]) -> Vec<(String, String)> {
        let named = [("ca", "ca_file"), ("cert", "client_cert_file"), ("key", "client_key_file")];
        let named = named.map(|(name, key)| (format!("worker.rpc_tls.{key}"), self.path(name)));
        let others = others.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        named.into_iter().chain(others).collect()
    }
}

/// Settings as a server is started with.
pub fn borrowed(settings: &[(String, String)]) -> Vec<(&str, &str)> {
    settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}
