//! Secrets of roles, and where each came from.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

/// A secret of a role.
#[derive(Debug, Clone)]
pub struct RoleSecret {
    /// The secret.
    pub secret: SecretString,
    /// Where it came from.
    pub source: SecretSource,
}

/// Where a role's secret came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A file, as its name was written.
    File(PathBuf),
    /// A variable.
    Environment(String),
    /// The manifest itself.
    Inline,
}

/// The secrets of one role.
#[derive(Debug, Clone)]
pub struct RoleSecrets {
    /// What tickets are minted with.
    pub active: RoleSecret,
    /// What they verify with besides: at most four.
    pub previous: Vec<RoleSecret>,
}

impl RoleSecret {
    pub(crate) fn new(secret: &str, source: SecretSource) -> Self {
        Self { secret: SecretString::from(secret), source }
    }

    /// Its length, bytes.
    pub(crate) fn len(&self) -> usize {
        self.secret.expose_secret().len()
    }
}

impl RoleSecrets {
    /// The active one, then the previous ones.
    pub fn iter(&self) -> impl Iterator<Item = &RoleSecret> {
        std::iter::once(&self.active).chain(&self.previous)
    }
}

impl SecretSource {
    /// The file, when it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Environment(_) | Self::Inline => None,
        }
    }
}
