//! The manifest, `root_task.toml`: its `[[tickets]]` and `[ticket_limits]`. All else in it is passed over.
//! Source: capability spec, section 8.

mod error;
mod find;
mod limits;
mod reader;
mod secrets;
mod short;
mod tickets;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use error::{ManifestError, ManifestErrors, ManifestFault};
pub use find::{FindError, Surface, TicketSources};
pub use secrets::{RoleSecret, RoleSecrets, SecretSource};
pub use short::ShortSecret;
pub use tickets::Tickets;

use crate::files::UsedFile;
use crate::keys::Config;
use reader::Reader;

/// Where a manifest is looked for in the working folder, and in the data folder.
const IN_CWD: &str = "configs/root_task.toml";
const IN_DATA_DIR: &str = "root_task.toml";

/// A manifest that was read.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// Its file.
    pub path: PathBuf,
    /// Role secrets, and what tickets may say.
    pub tickets: Tickets,
    /// What is odd and does not stop: secret files that others can read.
    pub warnings: Vec<String>,
    pub(crate) files: Vec<UsedFile>,
}

/// A manifest with faults, and the files that were asked for it.
pub(crate) struct Failed {
    pub errors: ManifestErrors,
    pub files: Vec<UsedFile>,
}

impl Manifest {
    /// Reads a manifest of at most 1 MiB, and the files and variables of its secrets.
    pub fn read(path: &Path, env: &BTreeMap<String, String>) -> Result<Self, ManifestErrors> {
        Self::try_read(path, env).map_err(|failed| failed.errors)
    }

    pub(crate) fn try_read(path: &Path, env: &BTreeMap<String, String>) -> Result<Self, Failed> {
        let mut reader = Reader::new(path, env);
        let tickets = reader.manifest(|reader, table| Tickets {
            keys: reader.tickets(table, None),
            limits: reader.ticket_limits(table),
        });
        let Reader { errors, files, warnings, .. } = reader;
        match tickets {
            Some(tickets) if errors.is_empty() => {
                Ok(Self { path: path.to_owned(), tickets, warnings, files })
            }
            _ => Err(Failed { errors: ManifestErrors::new(errors), files }),
        }
    }

    /// The manifest of a server: the one that `namespace.manifest` names, which has to be there; else
    /// `configs/root_task.toml` in the working folder or `root_task.toml` in the data folder, if there is one.
    pub fn of_server(
        config: &Config,
        cwd: &Path,
        env: &BTreeMap<String, String>,
    ) -> Result<Option<Self>, ManifestErrors> {
        locate(config, cwd).map(|path| Self::read(&path, env)).transpose()
    }

    /// The roles whose secrets are too short for the profile and listeners of a server.
    pub fn short_secrets(&self, config: &Config) -> Vec<ShortSecret> {
        let profile = config.profile.capability.unwrap_or(config.profile.default);
        self.tickets.short_secrets(profile, config.is_loopback())
    }
}

/// The manifest of a server, if it has one.
pub(crate) fn locate(config: &Config, cwd: &Path) -> Option<PathBuf> {
    let there = places(config, cwd).into_iter().find(|path| path.exists());
    there.or_else(|| config.namespace.manifest.clone())
}

/// Where the manifest of a server may be, in order.
pub(crate) fn places(config: &Config, cwd: &Path) -> Vec<PathBuf> {
    match &config.namespace.manifest {
        Some(named) => vec![named.clone()],
        None => vec![cwd.join(IN_CWD), config.top.data_dir.join(IN_DATA_DIR)],
    }
}
