//! Role secrets that are too short for strict. Source: capability spec, section 7.

use std::fmt;
use std::path::PathBuf;

use carnet_ticket::capability::Role;
use carnet_ticket::verify::Profile;

use super::secrets::RoleSecrets;
use super::tickets::Tickets;

/// The least bytes of a role secret in strict.
const LEN_MIN: usize = 32;

/// A role with a secret that is too short. As text: what is wrong, and the command that repairs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortSecret {
    /// The role.
    pub role: Role,
    /// Bytes of the secret.
    pub len: usize,
    /// The file that a longer one goes into, to be named by `secret_file`.
    pub file: PathBuf,
    /// Whether this stops a start or reload; else it is a warning.
    pub is_refused: bool,
}

impl Tickets {
    /// The roles with a secret under 32 bytes, active or previous: one finding for each. None in compat; a
    /// warning while every listener is on this machine alone.
    pub fn short_secrets(&self, profile: Profile, is_loopback: bool) -> Vec<ShortSecret> {
        if profile == Profile::Compat {
            return Vec::new();
        }
        let find = |role| short_secret(role, self.keys.get(&role)?, !is_loopback);
        Role::ALL.into_iter().filter_map(find).collect()
    }
}

fn short_secret(role: Role, secrets: &RoleSecrets, is_refused: bool) -> Option<ShortSecret> {
    let short = secrets.iter().find(|secret| secret.len() < LEN_MIN)?;
    let named = short.source.file().map(PathBuf::from);
    let file = named.unwrap_or_else(|| PathBuf::from("secrets").join(role.label()));
    Some(ShortSecret { role, len: short.len(), file, is_refused })
}

impl fmt::Display for ShortSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (role, len, file) = (self.role.label(), self.len, self.file.display());
        write!(
            f,
            "role secret of {role} has {len} bytes, strict needs {LEN_MIN}; fix: openssl rand -hex 32 > {file}"
        )
    }
}
