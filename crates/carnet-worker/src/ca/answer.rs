//! What a CA answers.

use carnet_ticket::identity::{SpiffeId, WorkerId};
use carnet_ticket::time::Timestamp;
use reqwest::Url;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::Request;
use crate::files::{Contents, IdentityRecord};

/// Of `/ca/certificate`.
#[derive(Deserialize)]
pub(super) struct Certificates {
    pub(super) ca_certificate: String,
}

/// Of `/ca/bundle`.
#[derive(Debug, Deserialize)]
pub(crate) struct Bundle {
    pub(crate) sequence: u64,
    pub(crate) refresh_hint_seconds: u64,
    certificates: Vec<Bundled>,
}

#[derive(Debug, Deserialize)]
struct Bundled {
    certificate: String,
}

/// Of `/certificates/csr` and `/certificates/renew`.
#[expect(clippy::struct_field_names, reason = "the members of the answer")]
#[derive(Debug, Deserialize)]
pub(crate) struct Issued {
    certificate: String,
    ca_certificate: String,
    serial_number: String,
    spiffe_id: String,
    generation: u64,
    #[serde(with = "crate::files::moment")]
    issued_at: Timestamp,
    #[serde(with = "crate::files::moment")]
    renew_after: Timestamp,
    #[serde(with = "crate::files::moment")]
    expires_at: Timestamp,
    #[serde(default)]
    control_plane_url: Option<String>,
}

impl Bundle {
    /// Its certificates as `ca.crt` holds them.
    pub(crate) fn pem(&self) -> String {
        self.certificates.iter().map(|bundled| bundled.certificate.as_str()).collect()
    }
}

impl Issued {
    /// The files of a worker that has this certificate; none when the answer is not about a worker.
    pub(crate) fn files(
        self,
        request: &Request,
        worker_id: &WorkerId,
        ca_url: &Url,
    ) -> Option<Contents> {
        let spiffe_id: SpiffeId = self.spiffe_id.parse().ok()?;
        let control_plane = self.control_plane_url.filter(|url| !url.is_empty());
        let record = IdentityRecord {
            worker_id: worker_id.clone(),
            name: spiffe_id.name().parse().ok()?,
            spiffe_id,
            serial: self.serial_number,
            generation: self.generation,
            issued_at: self.issued_at,
            renew_after: self.renew_after,
            expires_at: self.expires_at,
            ca_url: ca_url.clone(),
            control_plane_url: control_plane.map(|url| url.parse()).transpose().ok()?,
        };
        Some(Contents {
            ca: self.ca_certificate.into_bytes(),
            certificate: self.certificate.into_bytes(),
            key: Zeroizing::new(request.key_pem().as_bytes().to_vec()),
            identity: serde_json::to_vec_pretty(&record).ok()?,
        })
    }
}
