//! [`Sources`]: where a configuration comes from, and which file it is.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{ConfigError, Fault, Position};
use crate::files::{FILE_LEN_MAX, FileFault, FileText, read_text};

/// Where a configuration comes from. `Debug` shows no value, as any may be a secret.
#[derive(Clone, Default)]
pub struct Sources {
    /// The file that a flag names.
    pub path: Option<PathBuf>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// Values that flags set, by key.
    pub flags: BTreeMap<String, String>,
    /// The working folder.
    pub cwd: PathBuf,
    /// Whether no file is read but one that is named.
    pub named_only: bool,
}

impl Sources {
    /// The file to read: named by flag or `CARNET_CONFIG`, in which case it has to be there; else the first
    /// of `carnet.toml` here, in `data_dir`, and in `/etc/carnet`.
    pub(crate) fn file(&self, data_dir: &Path) -> Option<PathBuf> {
        let named = self.path.clone().or_else(|| self.env.get("CARNET_CONFIG").map(PathBuf::from));
        if let Some(named) = named {
            return Some(self.cwd.join(named));
        }
        if self.named_only {
            return None;
        }
        let places = [self.cwd.clone(), data_dir.to_owned(), PathBuf::from("/etc/carnet")];
        places.into_iter().map(|folder| folder.join("carnet.toml")).find(|path| path.exists())
    }

    /// The data folder, as far as flag and environment say; the file may say another.
    pub(crate) fn data_dir(&self) -> PathBuf {
        let said = self.flags.get("data_dir").or_else(|| self.env.get("CARNET_DATA_DIR"));
        self.cwd.join(said.map_or("carnet-data", String::as_str))
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (env, flags): (Vec<_>, Vec<_>) =
            (self.env.keys().collect(), self.flags.keys().collect());
        f.debug_struct("Sources")
            .field("path", &self.path)
            .field("env", &env)
            .field("flags", &flags)
            .field("cwd", &self.cwd)
            .field("named_only", &self.named_only)
            .finish()
    }
}

/// Reads a configuration file of at most 1 MiB.
pub(crate) fn read(path: &Path) -> Result<FileText, FileFault> {
    read_text(path, FILE_LEN_MAX)
}

/// What is wrong with a configuration file that was not read.
pub(crate) fn fault(path: &Path, fault: FileFault) -> ConfigError {
    let fault = match fault {
        FileFault::Unreadable(io::ErrorKind::NotFound) => Fault::NotFound,
        FileFault::Unreadable(kind) => Fault::Unreadable(kind),
        FileFault::Empty | FileFault::TooLarge => Fault::TooLarge,
    };
    ConfigError { position: Position::WholeFile(path.to_owned()), fault }
}
