//! [`Layers`]: what file, environment and flags say, the later ones over the earlier.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{ConfigError, ExpectedText, Fault, KeyText, Position, Syntax, TOLD_MAX};
use crate::files::{File, UsedFile};
use crate::load::Origin;
use crate::names::{find, is_section, names, nearest};
use crate::raw::Raw;
use crate::sources::{self, Sources};

/// A value as some source wrote it.
#[derive(Clone)]
pub(crate) struct Given {
    pub raw: Raw,
    pub origin: Origin,
    pub position: Position,
    /// What relative paths are taken from.
    pub base: PathBuf,
}

/// What all sources give, by the name it is given under.
#[derive(Default)]
pub(crate) struct Layers {
    pub given: BTreeMap<String, Given>,
    pub errors: Vec<ConfigError>,
    pub files: Vec<UsedFile>,
}

impl Layers {
    pub fn read_file(&mut self, path: &Path) {
        let read = sources::read(path);
        self.files.push(UsedFile::read(path, &read));
        let text = match read {
            Ok(file) => file.text,
            Err(fault) => return self.errors.push(sources::fault(path, fault)),
        };
        let file = File { path, text: &text };
        match DeTable::parse(&text) {
            Ok(table) => self.read_table("", table.get_ref(), &file),
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                let fault = Fault::Syntax(Syntax(error.message().to_owned()));
                self.errors.push(ConfigError { position: file.position(at), fault });
            }
        }
    }

    fn read_table(&mut self, prefix: &str, table: &DeTable<'_>, file: &File<'_>) {
        for (name, value) in table {
            if self.errors.len() >= TOLD_MAX {
                return;
            }
            let key = format!("{prefix}{}", name.get_ref());
            let position = file.position(name.span().start);
            match value.get_ref() {
                DeValue::Table(table) if is_section(&key) => {
                    self.read_table(&format!("{key}."), table, file)
                }
                _ => self.read_value(&key, value, position, file),
            }
        }
    }

    fn read_value(
        &mut self,
        name: &str,
        value: &Spanned<DeValue<'_>>,
        position: Position,
        file: &File<'_>,
    ) {
        let Some((key, form)) = find(name) else {
            return self.errors.push(ConfigError { position, fault: unknown_key(name) });
        };
        let Some(raw) = Raw::from_toml(value.get_ref(), form) else {
            let fault = Fault::WrongType { key: key.name, expected: ExpectedText(form.expected()) };
            return self.errors.push(ConfigError { position, fault });
        };
        let base = file.path.parent().map(Path::to_owned).unwrap_or_default();
        self.given.insert(name.to_owned(), Given { raw, origin: Origin::File, position, base });
    }

    pub fn read_environment(&mut self, sources: &Sources) {
        for (name, variable) in names() {
            if let Some(text) = sources.env.get(&variable) {
                let position = Position::Environment(variable);
                self.read_text(&name, text, Origin::Environment, position, &sources.cwd);
            }
        }
    }

    pub fn read_flags(&mut self, sources: &Sources) {
        for (name, text) in &sources.flags {
            self.read_text(name, text, Origin::Flag, Position::Flag, &sources.cwd);
        }
    }

    fn read_text(
        &mut self,
        name: &str,
        text: &str,
        origin: Origin,
        position: Position,
        cwd: &Path,
    ) {
        let Some((key, form)) = find(name) else {
            return self.errors.push(ConfigError { position, fault: unknown_key(name) });
        };
        let Some(raw) = Raw::from_text(text, form) else {
            let fault = Fault::WrongType { key: key.name, expected: ExpectedText(form.expected()) };
            return self.errors.push(ConfigError { position, fault });
        };
        let base = cwd.to_owned();
        self.given.insert(name.to_owned(), Given { raw, origin, position, base });
    }
}

fn unknown_key(name: &str) -> Fault {
    let suggestion = nearest(name).map(|name| KeyText::new(&name));
    Fault::UnknownKey { key: KeyText::new(name), suggestion }
}
