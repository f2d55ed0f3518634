//! Role secrets for the command line and for the form that mints. Source: capability spec, section 11.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use carnet_ticket::capability::{Role, TicketLimits};

use super::error::ManifestErrors;
use super::reader::Reader;
use super::secrets::{RoleSecret, RoleSecrets, SecretSource};
use super::{IN_CWD, IN_DATA_DIR};
use crate::error::Fault;
use crate::files::read_secret;

/// Where role secrets come from, first to last: the file of a flag, variables, the manifest.
#[derive(Clone, Copy)]
pub struct TicketSources<'a> {
    /// The file with the secret that a flag names.
    pub secret_file: Option<&'a Path>,
    /// The manifest that a flag names.
    pub manifest: Option<&'a Path>,
    /// The environment. Blank variables count as unset.
    pub env: &'a BTreeMap<String, String>,
    /// The working folder.
    pub cwd: &'a Path,
    /// The data folder.
    pub data_dir: &'a Path,
    /// Who asks.
    pub surface: Surface,
}

/// Who asks for a role's secret: it decides which variables count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// The command line: `CARNET_`, then `COHSH_`.
    CommandLine,
    /// The server's form: `SWARMUI_` between the two.
    MintForm,
}

/// Why there is no secret for a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// The manifest has no entry for the role, or no manifest is anywhere.
    #[error("ticket secret for role {} not found in {}", role.label(), path.display())]
    NotFound {
        /// The role.
        role: Role,
        /// The manifest.
        path: PathBuf,
    },
    /// The file of the flag cannot be used.
    #[error("{0}")]
    SecretFile(Fault),
    /// The manifest cannot be used.
    #[error("{0}")]
    Manifest(ManifestErrors),
}

impl TicketSources<'_> {
    /// The secrets of a role: those of the first source that has any. Of a manifest only the role's own
    /// `[[tickets]]` entry is judged.
    pub fn secrets(&self, role: Role) -> Result<RoleSecrets, FindError> {
        if let Some(name) = self.secret_file {
            return self.flag_secret(name);
        }
        if let Some((name, secret)) = self.variable("TICKET_SECRET") {
            return Ok(alone(secret, SecretSource::Environment(name)));
        }
        let path = self.manifest();
        if !self.is_named() && !path.exists() {
            return Err(FindError::NotFound { role, path });
        }
        let mut reader = Reader::new(&path, self.env);
        let found =
            reader.manifest(|reader, table| reader.tickets(table, Some(role)).remove(&role));
        match found {
            Some(secrets) if reader.errors.is_empty() => {
                secrets.ok_or(FindError::NotFound { role, path })
            }
            _ => Err(FindError::Manifest(ManifestErrors::new(reader.errors))),
        }
    }

    /// What tickets may say by the manifest, of which nothing else is judged; the usual where there is none.
    pub fn limits(&self) -> Result<TicketLimits, FindError> {
        let path = self.manifest();
        if !self.is_named() && !path.exists() {
            return Ok(TicketLimits::default());
        }
        let mut reader = Reader::new(&path, self.env);
        let found = reader.manifest(Reader::ticket_limits);
        match found {
            Some(limits) if reader.errors.is_empty() => Ok(limits),
            _ => Err(FindError::Manifest(ManifestErrors::new(reader.errors))),
        }
    }

    /// Whether flag or variable name a source: then nobody else is asked for the role's secret.
    pub fn is_given(&self) -> bool {
        self.secret_file.is_some() || self.variable("TICKET_SECRET").is_some() || self.is_named()
    }

    /// Whether the manifest has to be there.
    fn is_named(&self) -> bool {
        self.manifest.is_some() || self.variable("TICKET_CONFIG").is_some()
    }

    /// The manifest: of the flag, of a variable, in the working folder, in the data folder.
    pub fn manifest(&self) -> PathBuf {
        if let Some(named) = self.manifest {
            return self.cwd.join(named);
        }
        if let Some((_, named)) = self.variable("TICKET_CONFIG") {
            return self.cwd.join(named);
        }
        let here = self.cwd.join(IN_CWD);
        if here.exists() { here } else { self.cwd.join(self.data_dir).join(IN_DATA_DIR) }
    }

    fn flag_secret(&self, name: &Path) -> Result<RoleSecrets, FindError> {
        let path = self.cwd.join(name);
        let key = "ticket secret";
        let file = read_secret(&path)
            .map_err(|fault| FindError::SecretFile(Fault::of_secret_file(key, key, path, fault)))?;
        Ok(alone(&file.text, SecretSource::File(name.to_owned())))
    }

    /// The first variable of this name that is not blank.
    fn variable(&self, name: &str) -> Option<(String, &str)> {
        let prefixes: &[&str] = match self.surface {
            Surface::CommandLine => &["CARNET", "COHSH"],
            Surface::MintForm => &["CARNET", "SWARMUI", "COHSH"],
        };
        prefixes.iter().find_map(|prefix| {
            let name = format!("{prefix}_{name}");
            let text = self.env.get(&name).filter(|text| !text.trim().is_empty())?;
            Some((name, text.as_str()))
        })
    }
}

/// An active secret and no previous ones.
fn alone(secret: &str, source: SecretSource) -> RoleSecrets {
    RoleSecrets { active: RoleSecret::new(secret.trim_end(), source), previous: Vec::new() }
}
