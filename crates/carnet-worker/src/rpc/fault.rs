//! [`Fault`]: why a call does nothing. The caller is told its name and its status.

use axum::http::StatusCode;
use carnet_ticket::rpc::MethodError;
use carnet_ticket::task::LeaseError;

/// Why a call does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Whoever calls shows no token that counts.
    #[error("a token for this worker is needed")]
    Unauthorized,
    /// There is nothing by which a token could count.
    #[error("the worker has no keys to believe tokens by")]
    Unconfigured,
    /// The worker has heard of no revocations for too long to believe this token.
    #[error("the worker has heard of no revocations for too long")]
    Stale,
    /// Whoever calls is no control plane.
    #[error("only the control plane may call")]
    WrongPeer,
    /// The body is longer than a call may be.
    #[error("the call is too long")]
    TooLarge,
    /// The body is no call.
    #[error("the call cannot be read")]
    InvalidJson,
    /// The call is for another worker.
    #[error("the call is for another worker")]
    WrongWorker,
    /// The call has no id, or one that is none.
    #[error("an id is 1 to 128 printable characters")]
    InvalidId,
    /// Another call had this id.
    #[error("another call had this id")]
    IdConflict,
    /// The method cannot be run for this caller.
    #[error(transparent)]
    Method(#[from] MethodError),
    /// What the method takes is missing, or of another type.
    #[error("what the method takes is missing, or of another type")]
    InvalidParams,
    /// The lease is not one to work under.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The worker is about to end.
    #[error("the worker takes nothing new")]
    Draining,
    /// The worker has enough to do.
    #[error("the worker has enough to do")]
    CapacityReached,
    /// Nothing here runs that.
    #[error("nothing here runs that")]
    NoProvider,
    /// There is no such task here.
    #[error("there is no such task here")]
    NoSandbox,
    /// The control plane does not renew the lease.
    #[error("the lease is not renewed")]
    RenewRefused,
    /// It took too long.
    #[error("it took too long")]
    Timeout,
}

impl Fault {
    /// What the caller is told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unauthorized => "Unauthorized",
            Self::Unconfigured => "Unconfigured",
            Self::Stale => "RevocationStale",
            Self::WrongPeer => "WrongPeer",
            Self::TooLarge => "TooLarge",
            Self::InvalidJson => "InvalidJson",
            Self::WrongWorker => "WrongWorker",
            Self::InvalidId => "InvalidId",
            Self::IdConflict => "IdConflict",
            Self::Method(MethodError::UnknownMethod) => "UnknownMethod",
            Self::Method(MethodError::ScopeMissing) => "ScopeMissing",
            Self::Method(MethodError::NotImplemented) => "NotImplemented",
            Self::InvalidParams => "InvalidParams",
            Self::Lease(LeaseError::Expired) => "Expired",
            Self::Lease(LeaseError::WrongHolder) => "WrongHolder",
            Self::Lease(LeaseError::WrongInstance) => "WrongInstance",
            Self::Lease(LeaseError::WrongResource) => "WrongResource",
            Self::Lease(LeaseError::StaleGeneration) => "StaleGeneration",
            Self::Lease(_) => "Malformed",
            Self::Draining => "Draining",
            Self::CapacityReached => "CapacityReached",
            Self::NoProvider => "NoProvider",
            Self::NoSandbox => "NoSandbox",
            Self::RenewRefused => "RenewRefused",
            Self::Timeout => "Timeout",
        }
    }

    /// The status of the answer.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::WrongPeer
            | Self::WrongWorker
            | Self::Lease(_)
            | Self::Method(MethodError::ScopeMissing) => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::InvalidJson
            | Self::InvalidId
            | Self::InvalidParams
            | Self::Method(MethodError::UnknownMethod) => StatusCode::BAD_REQUEST,
            Self::Method(MethodError::NotImplemented) => StatusCode::NOT_IMPLEMENTED,
            Self::IdConflict | Self::RenewRefused => StatusCode::CONFLICT,
            Self::Draining | Self::Unconfigured | Self::Stale => StatusCode::SERVICE_UNAVAILABLE,
            Self::CapacityReached => StatusCode::TOO_MANY_REQUESTS,
            Self::NoProvider | Self::NoSandbox => StatusCode::NOT_FOUND,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}
