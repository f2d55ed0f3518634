//! An authority, requests, and `openssl` to judge both.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use carnet_authority::ca::{
    CaSettings, CertificateAuthority, Curve, IdentityGrant, Lifetime, VerifiedCsr, parse_csr,
};
use carnet_ticket::identity::{Kind, TrustDomain};
use carnet_ticket::time::Timestamp;
use tempfile::TempDir;

pub const NOW: Timestamp = Timestamp(1_795_411_200_500);

pub fn trust_domain() -> TrustDomain {
    "carnet.local".parse().unwrap()
}

pub fn settings() -> CaSettings {
    CaSettings::new(trust_domain(), "Carnet").unwrap()
}

/// An authority whose first certificate is active since `NOW`.
pub fn authority(curve: Curve) -> CertificateAuthority {
    let mut authority = CertificateAuthority::new(settings().with_curve(curve), [], 0).unwrap();
    authority.prepare(NOW).unwrap();
    authority
}

/// What `hello-world` may have certified.
pub fn grant() -> IdentityGrant {
    let dns = ["hello-world", "localhost"].map(|host| host.parse().unwrap());
    let ip = ["127.0.0.1", "::1"].map(|ip| ip.parse().unwrap());
    let name = "hello-world".parse().unwrap();
    IdentityGrant::new(trust_domain(), Kind::Worker, name, dns, ip, Lifetime::DEFAULT)
}

/// A request for a new P-256 key that asks for nothing.
pub fn plain_csr() -> VerifiedCsr {
    let key = rcgen::KeyPair::generate().unwrap();
    csr_of(&key)
}

/// A request for this key that asks for nothing.
pub fn csr_of(key: &rcgen::KeyPair) -> VerifiedCsr {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    parse_csr(&params.serialize_request(key).unwrap().pem().unwrap()).unwrap()
}

/// `openssl`, in a folder of its own.
pub struct OpenSsl(TempDir);

impl OpenSsl {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file that commands can name.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        fs::write(self.path(name), bytes).unwrap();
        self
    }

    /// What a command says on both streams, and whether it went well.
    pub fn run(&self, command: &str) -> (bool, String) {
        let done = Command::new("openssl")
            .args(command.split_whitespace())
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .expect("openssl is installed; cargo xtask test does that");
        let said = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    /// What a command says that has to go well.
    pub fn ok(&self, command: &str) -> String {
        let (is_ok, said) = self.run(command);
        assert!(is_ok, "openssl {command}: {said}");
        said
    }

    /// A request for a new key: `key` is what `genpkey` makes, `options` go to `req`.
    pub fn request(&self, key: &str, options: &str) -> String {
        self.ok(&format!("genpkey -out key.pem {key}"));
        self.request_again(options)
    }

    /// A request for the same key.
    pub fn request_again(&self, options: &str) -> String {
        self.ok(&format!("req -new -key key.pem -out csr.pem {options}"));
        fs::read_to_string(self.path("csr.pem")).unwrap()
    }
}

pub const P256: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
