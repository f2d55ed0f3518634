//! [`CaSettings`]: what every certificate of an authority has in common.

use std::time::Duration;

use carnet_ticket::identity::TrustDomain;

use super::Curve;

/// The most characters of an organization (RFC 5280, appendix A.1: `ub-organization-name`).
const ORGANIZATION_LEN_MAX: usize = 64;

/// The most bytes of a URL.
const URL_LEN_MAX: usize = 2048;

/// How long a CA certificate may live.
const LIFETIME_S: std::ops::RangeInclusive<u64> = 300..=20 * 365 * 86_400;

/// What the authority is called, and how it makes certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaSettings {
    trust_domain: TrustDomain,
    organization: String,
    curve: Curve,
    lifetime: Duration,
    crl_url: Option<String>,
}

/// What is wrong with the settings of a CA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CaSettingsError {
    /// `ca.organization`
    #[error("ca.organization: 1 to 64 characters, none of them a control character")]
    Organization,
    /// `ca.lifetime`
    #[error("ca.lifetime: 5 minutes to 20 years")]
    Lifetime,
    /// `ca.crl_url`
    #[error("ca.crl_url: an http or https URL of printable ASCII, at most 2048 bytes")]
    CrlUrl,
}

impl CaSettings {
    /// A year.
    pub const LIFETIME: Duration = Duration::from_hours(365 * 24);

    /// Those of `organization`: P-256, a year, no place where the CRL is found.
    pub fn new(trust_domain: TrustDomain, organization: &str) -> Result<Self, CaSettingsError> {
        let len = organization.chars().count();
        let is_name = (1..=ORGANIZATION_LEN_MAX).contains(&len)
            && !organization.chars().any(char::is_control);
        if !is_name {
            return Err(CaSettingsError::Organization);
        }
        Ok(Self {
            trust_domain,
            organization: organization.to_owned(),
            curve: Curve::default(),
            lifetime: Self::LIFETIME,
            crl_url: None,
        })
    }

    /// With keys on this curve from the next one on.
    #[must_use]
    pub fn with_curve(self, curve: Curve) -> Self {
        Self { curve, ..self }
    }

    /// With CA certificates that live this long, from the next one on.
    pub fn with_lifetime(self, lifetime: Duration) -> Result<Self, CaSettingsError> {
        if LIFETIME_S.contains(&lifetime.as_secs()) {
            Ok(Self { lifetime, ..self })
        } else {
            Err(CaSettingsError::Lifetime)
        }
    }

    /// With certificates that say where the CRL is found.
    pub fn with_crl_url(self, url: &str) -> Result<Self, CaSettingsError> {
        let is_url = (url.starts_with("http://") || url.starts_with("https://"))
            && url.len() <= URL_LEN_MAX
            && url.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_url {
            return Err(CaSettingsError::CrlUrl);
        }
        Ok(Self { crl_url: Some(url.to_owned()), ..self })
    }

    pub(super) fn of_trust_domain(self, trust_domain: TrustDomain) -> Self {
        Self { trust_domain, ..self }
    }

    /// Whose members are certified.
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    pub(super) fn organization(&self) -> &str {
        &self.organization
    }

    pub(super) fn curve(&self) -> Curve {
        self.curve
    }

    pub(super) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    pub(super) fn crl_url(&self) -> Option<&str> {
        self.crl_url.as_deref()
    }
}
