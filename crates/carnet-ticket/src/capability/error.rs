//! [`TicketError`]: why a text is no capability ticket, or claims make none.

use super::TOKEN_LEN_MAX;

/// Why a text is no capability ticket, or claims make none. In the order in which it is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TicketError {
    /// More characters than any ticket has.
    #[error("ticket of {0} characters is too long")]
    TooLong(usize),
    /// It does not begin like one.
    #[error("ticket missing prefix")]
    MissingPrefix,
    /// No dot, bad hex, or text that is not UTF-8.
    #[error("ticket malformed")]
    MalformedToken,
    /// A MAC of so many bytes.
    #[error("ticket MAC length {0} is invalid")]
    InvalidMacLength(usize),
    /// No key fits.
    #[error("ticket MAC validation failed")]
    MacMismatch,
    /// Another version.
    #[error("claims version {0} is unsupported")]
    UnsupportedVersion(u8),
    /// No such role.
    #[error("claims role {0} is unsupported")]
    UnsupportedRole(u8),
    /// Flags that mean nothing. Strict only.
    #[error("claims flags {0} are unknown")]
    UnknownFlags(u8),
    /// A text of more than 255 bytes.
    #[error("mount data exceeds allowed length")]
    MountTooLarge,
    /// More than 16 scopes.
    #[error("scope count exceeds allowed maximum")]
    ScopeTooMany,
    /// A list of no scopes. Strict only.
    #[error("scope list is present but empty")]
    EmptyScopes,
    /// No such verb.
    #[error("scope verb {0} is invalid")]
    InvalidScopeVerb(u8),
    /// Fewer bytes than the fields take.
    #[error("claims payload truncated")]
    Truncated,
    /// Bytes after the last field.
    #[error("claims payload contains trailing data")]
    TrailingData,
}

/// The longest ticket has room for the longest payload: nothing that encodes is too long to read.
const _: () = assert!(TOKEN_LEN_MAX == 15 + 2 * 5015 + 1 + 64);
