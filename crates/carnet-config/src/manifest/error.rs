//! [`ManifestFault`]: what can be wrong with a manifest.

use std::io::ErrorKind;
use std::path::PathBuf;

use carnet_ticket::capability::Role;

use crate::error::{FaultAt, Faults, KeyText, Syntax};

/// Why a manifest is not taken: every fault, at most 50 of them.
pub type ManifestErrors = Faults<ManifestFault>;

/// One fault of a manifest, and where it is.
pub type ManifestError = FaultAt<ManifestFault>;

/// What is wrong. Its text is `<dotted.key> <problem>`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestFault {
    /// There is no such file.
    #[error("not found")]
    NotFound,
    /// It cannot be read.
    #[error("cannot be read: {0:?}")]
    Unreadable(ErrorKind),
    /// It has more than 1 MiB.
    #[error("has more than 1 MiB")]
    TooLarge,
    /// It is not TOML.
    #[error("not TOML: {0}")]
    Syntax(Syntax),
    /// There is no such key.
    #[error("unknown key {0}")]
    UnknownKey(KeyText),
    /// The value is of another type.
    #[error("{key} is not {expected}")]
    WrongType {
        /// The key.
        key: KeyText,
        /// What it takes.
        expected: &'static str,
    },
    /// A key that has to be there is not.
    #[error("{0} is missing")]
    Missing(KeyText),
    /// A number is too large.
    #[error("{key} {value} exceeds maximum {max}")]
    AboveMaximum {
        /// The key.
        key: KeyText,
        /// The number.
        value: i128,
        /// The most.
        max: u64,
    },
    /// A number is too small.
    #[error("{key} {value} is below minimum {min}")]
    BelowMinimum {
        /// The key.
        key: KeyText,
        /// The number.
        value: i128,
        /// The least.
        min: u64,
    },
    /// The label of no role. Labels are exact.
    #[error("{key} {label} is not a role")]
    UnknownRole {
        /// The key.
        key: KeyText,
        /// As it was written.
        label: KeyText,
    },
    /// A role has a second entry.
    #[error("duplicate ticket entry for role {}", .0.label())]
    DuplicateRole(Role),
    /// An entry without a secret.
    #[error("{0} has no secret: name one by secret_file, secret_env or secret")]
    NoSecret(KeyText),
    /// An entry with more than one source of its secret.
    #[error("{key} is given beside {other}; keep one")]
    SecondSource {
        /// The second.
        key: KeyText,
        /// The first.
        other: &'static str,
    },
    /// A secret is empty, or blank.
    #[error("{0} is empty")]
    SecretEmpty(KeyText),
    /// The variable of a secret is not set, or blank.
    #[error("{0} names a variable that is not set")]
    VariableUnset(KeyText),
    /// A secret's file cannot be read.
    #[error("{key} {path:?} cannot be read: {kind:?}")]
    SecretFileUnreadable {
        /// The key.
        key: KeyText,
        /// The file.
        path: PathBuf,
        /// Why.
        kind: ErrorKind,
    },
    /// A secret's file is empty, or blank.
    #[error("{key} {path:?} is empty")]
    SecretFileEmpty {
        /// The key.
        key: KeyText,
        /// The file.
        path: PathBuf,
    },
    /// A secret's file has more than 64 KiB.
    #[error("{key} {path:?} has more than 64 KiB")]
    SecretFileTooLarge {
        /// The key.
        key: KeyText,
        /// The file.
        path: PathBuf,
    },
}
