//! [`Values`]: what was given, as the typed configuration is made of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{ConfigError, ExpectedText, Fault, Position};
use crate::files::UsedFile;
use crate::keys::{Change, KEYS, Key};
use crate::layers::{Given, Layers};
use crate::load::Origin;
use crate::names;
use crate::raw::Raw;
use crate::value::{Kind, Setting, out_of_range};

/// What was given, and what became of it.
pub(crate) struct Values<'a> {
    pub(super) given: BTreeMap<String, Given>,
    cwd: &'a Path,
    data_dir: PathBuf,
    pub errors: Vec<ConfigError>,
    pub warnings: Vec<String>,
    pub provenance: BTreeMap<&'static str, Origin>,
    pub shown: BTreeMap<&'static str, String>,
    pub files: Vec<UsedFile>,
    pub secret_files: BTreeMap<&'static str, PathBuf>,
    /// The secret whose file is not read.
    pub unread: Option<&'static str>,
}

impl<'a> Values<'a> {
    pub fn new(layers: Layers, cwd: &'a Path) -> Self {
        let Layers { given, errors, files } = layers;
        let data_dir = match given.get("data_dir") {
            Some(Given { raw: Raw::Text(path), base, .. }) => plainly(&base.join(path)),
            _ => cwd.join("carnet-data"),
        };
        Self {
            given,
            cwd,
            data_dir,
            errors,
            warnings: Vec::new(),
            provenance: BTreeMap::new(),
            shown: BTreeMap::new(),
            files,
            secret_files: BTreeMap::new(),
            unread: None,
        }
    }

    /// The value of a key; none when it has a fault, which is kept.
    pub fn take<T: Setting>(&mut self, name: &'static str) -> Option<T> {
        let key = KEYS.iter().find(|key| key.name == name)?;
        let given = if key.kind.is_secret() { self.secret(key)? } else { self.plain(key)? };
        let value = T::from_raw(&given.raw);
        if value.is_none() {
            self.refuse(key, given.position, T::expected());
        } else if let Some(expected) = out_of_range(name, &given.raw) {
            self.refuse(key, given.position, expected.to_owned());
        }
        value
    }

    /// Keeps that a value is not one that its key takes.
    pub(super) fn refuse(&mut self, key: &Key, position: Position, expected: String) {
        let fault = Fault::InvalidValue { key: key.name, expected: ExpectedText(expected) };
        self.errors.push(ConfigError { position, fault });
    }

    fn plain(&mut self, key: &Key) -> Option<Given> {
        let own = self.given.remove(key.name);
        let alias = names::alias(key.name);
        let mut given = match (own, alias.and_then(|alias| self.given.remove(alias))) {
            (Some(own), Some(_)) => {
                let expected = format!("this or {}, not both", alias.unwrap_or_default());
                self.refuse(key, own.position, expected);
                return None;
            }
            (own, alias) => own.or(alias).unwrap_or_else(|| self.default(key)),
        };
        self.resolve(key, &mut given);
        self.provenance.insert(key.name, given.origin);
        self.shown.insert(key.name, given.raw.shown());
        Some(given)
    }

    /// Makes relative paths whole, and remembers the files that they name.
    fn resolve(&mut self, key: &Key, given: &mut Given) {
        let paths: &mut [String] = match (&mut given.raw, key.kind) {
            (Raw::Text(path), Kind::Path) if !path.is_empty() => std::slice::from_mut(path),
            (Raw::List(paths), Kind::PathList) => paths,
            _ => return,
        };
        for path in paths {
            let whole = match path.strip_prefix("<data_dir>/") {
                Some(below) if given.origin == Origin::Default => self.data_dir.join(below),
                _ => plainly(&given.base.join(&*path)),
            };
            *path = whole.to_string_lossy().into_owned();
            if key.change == Change::File {
                self.files.push(UsedFile::look(whole, Some(key.name)));
            }
        }
    }

    pub(super) fn default(&self, key: &Key) -> Given {
        Given {
            raw: Raw::from_text(key.default, key.kind).unwrap_or(Raw::Text(String::new())),
            origin: Origin::Default,
            position: Position::Default,
            base: self.cwd.to_owned(),
        }
    }
}

/// A path without its `.` parts, as people would write it.
fn plainly(path: &Path) -> PathBuf {
    path.components().collect()
}
