//! [`Reader`]: a manifest while it is read, with everything that is found wrong.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ManifestError, ManifestFault};
use crate::error::{KeyText, Position, Syntax, TOLD_MAX};
use crate::files::{FILE_LEN_MAX, File, FileFault, UsedFile, read_secret, read_text};

pub(super) struct Reader<'a> {
    pub path: &'a Path,
    pub env: &'a BTreeMap<String, String>,
    pub errors: Vec<ManifestError>,
    pub files: Vec<UsedFile>,
    pub warnings: Vec<String>,
    text: String,
}

/// A value with its place.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

impl<'a> Reader<'a> {
    pub fn new(path: &'a Path, env: &'a BTreeMap<String, String>) -> Self {
        let (errors, files, warnings) = (Vec::new(), Vec::new(), Vec::new());
        Self { path, env, errors, files, warnings, text: String::new() }
    }

    /// Reads the file and hands its table on; none when it is no TOML, or cannot be read.
    pub fn manifest<T>(&mut self, read: impl FnOnce(&mut Self, &DeTable<'_>) -> T) -> Option<T> {
        let file = read_text(self.path, FILE_LEN_MAX);
        self.files.push(UsedFile::read(self.path, &file));
        match file {
            Ok(file) => self.text = file.text,
            Err(fault) => {
                let fault = match fault {
                    FileFault::Unreadable(ErrorKind::NotFound) => ManifestFault::NotFound,
                    FileFault::Unreadable(kind) => ManifestFault::Unreadable(kind),
                    FileFault::Empty | FileFault::TooLarge => ManifestFault::TooLarge,
                };
                let position = Position::WholeFile(self.path.to_owned());
                self.errors.push(ManifestError { position, fault });
                return None;
            }
        }
        let text = self.text.clone();
        match DeTable::parse(&text) {
            Ok(table) => Some(read(self, table.get_ref())),
            Err(error) => {
                let fault = ManifestFault::Syntax(Syntax(error.message().to_owned()));
                self.fault(error.span().unwrap_or_default(), fault);
                None
            }
        }
    }

    /// Keeps a fault, unless there are as many as are told.
    pub fn fault(&mut self, at: Range<usize>, fault: ManifestFault) {
        if self.errors.len() >= TOLD_MAX {
            return;
        }
        let position = File { path: self.path, text: &self.text }.position(at.start);
        self.errors.push(ManifestError { position, fault });
    }

    /// Keeps a fault for each key of `table` that is none of `known`.
    pub fn only(&mut self, prefix: &str, table: &DeTable<'_>, known: &[&str]) {
        for name in table.keys().filter(|name| !known.contains(&name.get_ref().as_ref())) {
            let key = KeyText::new(&format!("{prefix}.{}", name.get_ref()));
            self.fault(name.span(), ManifestFault::UnknownKey(key));
        }
    }

    /// The text of a value.
    pub fn text<'t>(&mut self, key: &str, value: &'t Value<'_>) -> Option<&'t str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(key, value, "a text");
        }
        text
    }

    pub fn wrong_type(&mut self, key: &str, value: &Value<'_>, expected: &'static str) {
        let fault = ManifestFault::WrongType { key: KeyText::new(key), expected };
        self.fault(value.span(), fault);
    }

    /// The text of a secret's file, trimmed at its end. The name is relative to the manifest.
    pub fn secret_file(&mut self, key: &str, at: Range<usize>, name: &str) -> Option<String> {
        let path = self.path.parent().unwrap_or(Path::new("")).join(name);
        let read = read_secret(&path);
        self.files.push(UsedFile::read(&path, &read));
        let fault = match read {
            Ok(file) => {
                self.warnings.extend(file.mode_warning(key, &path));
                return Some(file.text.trim_end().to_owned());
            }
            Err(fault) => fault,
        };
        let key = KeyText::new(key);
        let fault = match fault {
            FileFault::Unreadable(kind) => ManifestFault::SecretFileUnreadable { key, path, kind },
            FileFault::Empty => ManifestFault::SecretFileEmpty { key, path },
            FileFault::TooLarge => ManifestFault::SecretFileTooLarge { key, path },
        };
        self.fault(at, fault);
        None
    }
}
