//! [`Sources`]: where a configuration comes from, and which file it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{ConfigError, Fault, Position};

const FILE_LEN_MAX: u64 = 1 << 20;

/// Where a configuration comes from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file that a flag names.
    pub path: Option<PathBuf>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// Values that flags set, by key.
    pub flags: BTreeMap<String, String>,
    /// The working folder.
    pub cwd: PathBuf,
}

impl Sources {
    /// The file to read: named by flag or `CARNET_CONFIG`, in which case it has to be there; else the first
    /// of `carnet.toml` here, in `data_dir`, and in `/etc/carnet`.
    pub(crate) fn file(&self, data_dir: &Path) -> Option<PathBuf> {
        let named = self.path.clone().or_else(|| self.env.get("CARNET_CONFIG").map(PathBuf::from));
        if let Some(named) = named {
            return Some(self.cwd.join(named));
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

/// Reads a configuration file of at most 1 MiB.
pub(crate) fn read(path: &Path) -> Result<String, ConfigError> {
    let fault = |fault| ConfigError { position: Position::WholeFile(path.to_owned()), fault };
    let io = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => fault(Fault::NotFound),
        kind => fault(Fault::Unreadable(kind)),
    };
    let len = std::fs::metadata(path).map_err(io)?.len();
    if len > FILE_LEN_MAX {
        return Err(fault(Fault::TooLarge));
    }
    std::fs::read_to_string(path).map_err(io)
}
