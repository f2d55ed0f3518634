//! [`load`]: from sources to a configuration, or to everything that is wrong with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::ConfigErrors;
use crate::files::UsedFile;
use crate::keys::{Config, KEYS, Key};
use crate::layers::Layers;
use crate::names::unknown_variables;
use crate::sources::Sources;
use crate::values::Values;

/// The secret whose file a worker reads itself, for each request: what is in it when something else changes is no fault.
pub(crate) const WORKER_TOKEN: &str = "auth.worker_token";

/// A configuration that was loaded.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The file it was read from.
    pub file: Option<PathBuf>,
    /// Where each key's value came from.
    pub provenance: BTreeMap<&'static str, Origin>,
    /// What is odd and does not stop: unknown variables, secret files that others can read.
    pub warnings: Vec<String>,
    pub(crate) shown: BTreeMap<&'static str, String>,
    pub(crate) files: Vec<UsedFile>,
    pub(crate) secret_files: BTreeMap<&'static str, PathBuf>,
}

/// What set a key's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nothing: it is the default.
    Default,
    /// The file.
    File,
    /// A variable.
    Environment,
    /// A flag.
    Flag,
}

/// A key as `config show` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownRow {
    /// The key.
    pub key: &'static str,
    /// Its value; of a secret only whether it is set, and by what.
    pub value: String,
    /// `default`, `file`, `env` or `flag`.
    pub source: &'static str,
}

impl Origin {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "env",
            Self::Flag => "flag",
        }
    }
}

impl Loaded {
    /// Every key with its value and source. Secrets are not shown.
    pub fn rows(&self) -> Vec<ShownRow> {
        let row = |key: &Key| ShownRow {
            key: key.name,
            value: self.shown.get(key.name).cloned().unwrap_or_default(),
            source: self.provenance.get(key.name).copied().unwrap_or(Origin::Default).as_str(),
        };
        KEYS.iter().map(row).collect()
    }

    /// The file that a secret came from, if it came from one.
    pub fn secret_file(&self, key: &str) -> Option<&Path> {
        self.secret_files.get(key).map(PathBuf::as_path)
    }

    /// Takes back what does not change without a restart, and what is shown of it.
    pub(crate) fn keep_restart_keys(&mut self, running: &Self, keys: &[&'static str]) {
        self.config.keep_restart_keys(&running.config);
        for key in keys {
            if let Some(origin) = running.provenance.get(key) {
                self.provenance.insert(key, *origin);
            }
            if let Some(shown) = running.shown.get(key) {
                self.shown.insert(key, shown.clone());
            }
        }
    }
}

/// Loads a configuration. Reads its file and the files of its secrets.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigErrors> {
    try_load(sources, None).map_err(|failed| failed.errors)
}

/// A configuration that does not load, and the files that were asked for it.
pub(crate) struct Failed {
    pub errors: ConfigErrors,
    pub files: Vec<UsedFile>,
}

/// Loads, and leaves the file of one secret `unread`.
pub(crate) fn try_load(sources: &Sources, unread: Option<&'static str>) -> Result<Loaded, Failed> {
    let mut layers = Layers::default();
    let file = sources.file(&sources.data_dir());
    if let Some(path) = &file {
        layers.read_file(path);
    }
    layers.read_environment(sources);
    layers.read_flags(sources);
    let mut values = Values::new(layers, &sources.cwd);
    values.warnings = unknown_variables(sources);
    values.unread = unread;
    match Config::from_values(&mut values) {
        Some(config) if values.errors.is_empty() => {
            let Values { provenance, shown, warnings, files, secret_files, .. } = values;
            Ok(Loaded { config, file, provenance, warnings, shown, files, secret_files })
        }
        _ => Err(Failed { errors: ConfigErrors::new(values.errors), files: values.files }),
    }
}
