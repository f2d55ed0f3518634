//! [`P256Error`]: why a signed request does not count.

/// Why a signed request does not count, in the order in which it is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum P256Error {
    /// Not two coordinates in base64url, or no point on the curve.
    #[error("the public key is no point on P-256")]
    BadPublicKey,
    /// Not a number of seconds.
    #[error("the timestamp is not in Unix seconds")]
    BadTimestamp,
    /// More than 300 s from now.
    #[error("the timestamp is too far from now")]
    Skew,
    /// Without a nonce, which version 2 has.
    #[error("the nonce is missing")]
    NonceMissing,
    /// Not 16 to 64 characters of base64url.
    #[error("the nonce is not of its form")]
    BadNonce,
    /// Version 1 does not sign a query, and there is one.
    #[error("the query is not signed")]
    UnsignedQuery,
    /// Another request was signed, or by another key.
    #[error("the signature is not of this request")]
    BadSignature,
    /// Seen before, or perhaps before the server started.
    #[error("the request was made before")]
    Replay,
    /// Nobody has approved the key.
    #[error("the client is not approved")]
    UnknownClient,
}

impl P256Error {
    /// The stable snake-case name in metrics, logs and audit.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadPublicKey => "bad_public_key",
            Self::BadTimestamp => "bad_timestamp",
            Self::Skew => "skew",
            Self::NonceMissing => "nonce_missing",
            Self::BadNonce => "bad_nonce",
            Self::UnsignedQuery => "unsigned_query",
            Self::BadSignature => "bad_signature",
            Self::Replay => "replay",
            Self::UnknownClient => "unknown_client",
        }
    }
}
