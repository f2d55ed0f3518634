//! [`Refusal`]: why somebody got no certificate.

use carnet_authority::ca::{CsrError, SignError};
use carnet_authority::enroll::{RedeemError, RenewError};
use carnet_store::{ConsumeError, EnrollMemberError, StoreError, StoreRenewError};
use carnet_ticket::enrollment::EnrollmentTokenError;

use super::CaFault;

/// Why somebody got no certificate. The log and the audit learn which; whoever asked learns a status.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Refusal {
    /// The text is no token.
    #[error(transparent)]
    Token(#[from] EnrollmentTokenError),
    /// Nobody has made an enrollment of this token.
    #[error("there is no such enrollment")]
    NoEnrollment,
    /// The token is good for nothing.
    #[error(transparent)]
    Redeem(#[from] RedeemError),
    /// The token is that of this machine, and its bearer is elsewhere.
    #[error("local enrollment from elsewhere")]
    NotLocal,
    /// The request will not do.
    #[error(transparent)]
    Csr(#[from] CsrError),
    /// The request is made in another name, or in none.
    #[error("the request names somebody else")]
    NameMismatch,
    /// The request asks for more than is granted.
    #[error("the request asks for more than is granted")]
    NotAllowed,
    /// The member is quarantined.
    #[error("the member is quarantined")]
    Quarantined,
    /// The certificate is not renewed.
    #[error(transparent)]
    Renew(#[from] RenewError),
    /// The CA could not do it.
    #[error(transparent)]
    Fault(#[from] CaFault),
}

impl Refusal {
    /// The stable code, for the audit and metrics.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Token(_) => "bad_token",
            Self::NoEnrollment | Self::Redeem(RedeemError::WrongSecret) => "unknown_token",
            Self::Redeem(RedeemError::ForeignCa) => "foreign_ca",
            Self::Redeem(RedeemError::Revoked) => "revoked_token",
            Self::Redeem(RedeemError::Used) => "used_token",
            Self::Redeem(_) => "expired_token",
            Self::NotLocal => "not_local",
            Self::Csr(CsrError::TooLarge { .. }) => "csr_too_large",
            Self::Csr(CsrError::CsrSignature) => "csr_signature",
            Self::Csr(CsrError::CsrKey) => "csr_key",
            Self::Csr(_) => "csr_invalid",
            Self::NameMismatch => "name_mismatch",
            Self::NotAllowed => "not_allowed",
            Self::Quarantined | Self::Renew(RenewError::Quarantined) => "quarantined",
            Self::Renew(RenewError::Unknown) => "unknown_certificate",
            Self::Renew(RenewError::Revoked) => "revoked",
            Self::Renew(RenewError::Expired) => "expired",
            Self::Renew(RenewError::Superseded) => "superseded",
            Self::Renew(RenewError::CloneDetected) => "clone_detected",
            Self::Renew(_) => "key_reused",
            Self::Fault(_) => "unavailable",
        }
    }
}

impl From<SignError> for Refusal {
    fn from(error: SignError) -> Self {
        match error {
            SignError::NameMismatch => Self::NameMismatch,
            SignError::NotAllowed => Self::NotAllowed,
            error => Self::Fault(error.into()),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<ConsumeError> for Refusal {
    fn from(error: ConsumeError) -> Self {
        match error {
            ConsumeError::Refused(error) => Self::Redeem(error),
            ConsumeError::Quarantined => Self::Quarantined,
            ConsumeError::Store(error) => error.into(),
            _ => Self::NoEnrollment,
        }
    }
}

impl From<EnrollMemberError> for Refusal {
    fn from(error: EnrollMemberError) -> Self {
        match error {
            EnrollMemberError::Store(error) => error.into(),
            _ => Self::Quarantined,
        }
    }
}

impl From<StoreRenewError> for Refusal {
    fn from(error: StoreRenewError) -> Self {
        match error {
            StoreRenewError::Refused(error) => Self::Renew(error),
            StoreRenewError::Store(error) => error.into(),
            _ => Self::Renew(RenewError::Unknown),
        }
    }
}
