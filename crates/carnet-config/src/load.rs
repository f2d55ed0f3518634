//! [`load`]: from sources to a configuration, or to everything that is wrong with them.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{ConfigError, ConfigErrors, ExpectedText, Fault, KeyText, Position, Syntax};
use crate::keys::{Config, KEYS, Key};
use crate::sources::{self, Sources};
use crate::value::{Kind, Setting};

const SECRET_LEN_MAX: u64 = 64 << 10;

/// Variables that are read elsewhere, or belong to the environment of containers.
const OTHER_VARIABLES: [&str; 6] = [
    "CARNET_CONFIG",
    "CARNET_SERVER",
    "CARNET_TICKET",
    "CARNET_TOKEN",
    "CARNET_API_KEY",
    "CARNET_VECTORS_DIR",
];
const FOREIGN_PREFIXES: [&str; 2] = ["CARNET_SERVICE_", "CARNET_PORT"];

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
    shown: BTreeMap<&'static str, String>,
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
}

/// Loads a configuration. Reads its file and the files of its secrets.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigErrors> {
    let mut layers = Layers { texts: BTreeMap::new(), errors: Vec::new() };
    let file = sources.file(&sources.data_dir());
    if let Some(path) = &file {
        layers.read_file(path);
    }
    layers.read_environment(sources);
    layers.read_flags(sources);
    let warnings = unknown_variables(sources);
    let mut values = Values {
        given: layers.texts,
        cwd: &sources.cwd,
        data_dir: PathBuf::new(),
        errors: layers.errors,
        warnings,
        provenance: BTreeMap::new(),
        shown: BTreeMap::new(),
    };
    values.data_dir = values.resolve_data_dir();
    match Config::from_values(&mut values) {
        Some(config) if values.errors.is_empty() => {
            let Values { provenance, shown, warnings, .. } = values;
            Ok(Loaded { config, file, provenance, warnings, shown })
        }
        _ => Err(ConfigErrors::new(values.errors)),
    }
}

/// A value as some source wrote it.
#[derive(Debug, Clone)]
struct Given {
    text: String,
    origin: Origin,
    position: Position,
    /// What relative paths are taken from.
    base: PathBuf,
}

/// What all sources give, the later ones over the earlier.
struct Layers {
    texts: BTreeMap<String, Given>,
    errors: Vec<ConfigError>,
}

impl Layers {
    fn read_file(&mut self, path: &Path) {
        let text = match sources::read(path) {
            Ok(text) => text,
            Err(error) => return self.errors.push(error),
        };
        match DeTable::parse(&text) {
            Ok(table) => {
                let file = File { path, text: &text };
                self.read_table("", table.get_ref(), &file);
            }
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                let fault = Fault::Syntax(Syntax(error.message().to_owned()));
                self.errors
                    .push(ConfigError { position: File { path, text: &text }.position(at), fault });
            }
        }
    }

    fn read_table(&mut self, prefix: &str, table: &DeTable<'_>, file: &File<'_>) {
        for (name, value) in table {
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
        key: &str,
        value: &Spanned<DeValue<'_>>,
        position: Position,
        file: &File<'_>,
    ) {
        let Some((known, is_file)) = find(key) else {
            let fault = Fault::UnknownKey { key: KeyText::new(key), suggestion: nearest(key) };
            return self.errors.push(ConfigError { position, fault });
        };
        let text = match (value.get_ref(), known.kind) {
            (DeValue::Boolean(value), Kind::Bool) => Some(value.to_string()),
            (DeValue::Integer(value), Kind::Int | Kind::Size) if value.radix() == 10 => {
                Some(value.as_str().to_owned())
            }
            (DeValue::String(text), kind) if !matches!(kind, Kind::Bool | Kind::Int) => {
                Some(text.to_string())
            }
            _ => None,
        };
        let Some(text) = text else {
            let expected = if is_file { Kind::Path } else { known.kind }.expected();
            let fault = Fault::WrongType { key: known.name, expected: ExpectedText(expected) };
            return self.errors.push(ConfigError { position, fault });
        };
        let base = file.path.parent().map(Path::to_owned).unwrap_or_default();
        self.texts.insert(key.to_owned(), Given { text, origin: Origin::File, position, base });
    }

    fn read_environment(&mut self, sources: &Sources) {
        for (name, variable) in names() {
            if let Some(text) = sources.env.get(&variable) {
                let position = Position::Environment(variable);
                let given = Given {
                    text: text.clone(),
                    origin: Origin::Environment,
                    position,
                    base: sources.cwd.clone(),
                };
                self.texts.insert(name, given);
            }
        }
    }

    fn read_flags(&mut self, sources: &Sources) {
        for (key, text) in &sources.flags {
            if find(key).is_none() {
                let fault = Fault::UnknownKey { key: KeyText::new(key), suggestion: nearest(key) };
                self.errors.push(ConfigError { position: Position::Flag, fault });
                continue;
            }
            let (text, base) = (text.clone(), sources.cwd.clone());
            self.texts.insert(
                key.clone(),
                Given { text, origin: Origin::Flag, position: Position::Flag, base },
            );
        }
    }
}

/// What is given, as the typed configuration is made of it.
pub(crate) struct Values<'a> {
    given: BTreeMap<String, Given>,
    cwd: &'a Path,
    data_dir: PathBuf,
    errors: Vec<ConfigError>,
    warnings: Vec<String>,
    provenance: BTreeMap<&'static str, Origin>,
    shown: BTreeMap<&'static str, String>,
}

impl Values<'_> {
    /// The value of a key; none when it has a fault, which is kept.
    pub(crate) fn take<T: Setting>(&mut self, name: &'static str) -> Option<T> {
        let key = KEYS.iter().find(|key| key.name == name)?;
        let given = match key.kind {
            Kind::Secret => self.secret(key)?,
            kind => self.plain(key, kind),
        };
        let value = T::from_text(&given.text);
        if value.is_none() {
            let fault =
                Fault::InvalidValue { key: name, expected: ExpectedText(key.kind.expected()) };
            self.errors.push(ConfigError { position: given.position, fault });
        }
        value
    }

    fn plain(&mut self, key: &Key, kind: Kind) -> Given {
        let mut given = self.given.remove(key.name).unwrap_or_else(|| self.default(key));
        if kind == Kind::Path && !given.text.is_empty() {
            let text = match given.text.strip_prefix("<data_dir>/") {
                Some(below) if given.origin == Origin::Default => self.data_dir.join(below),
                _ => plainly(&given.base.join(&given.text)),
            };
            given.text = text.to_string_lossy().into_owned();
        }
        self.provenance.insert(key.name, given.origin);
        self.shown.insert(key.name, given.text.clone());
        given
    }

    /// A secret: given by itself, or by a file. None when that has a fault.
    fn secret(&mut self, key: &'static Key) -> Option<Given> {
        let inline = self.given.remove(key.name).filter(|given| !given.text.trim().is_empty());
        let file = key.file_name().and_then(|name| self.given.remove(&name));
        let (given, shown) = match (inline, file) {
            (Some(_), Some(file)) => {
                self.errors.push(ConfigError {
                    position: file.position,
                    fault: Fault::AmbiguousSecret { key: key.name },
                });
                return None;
            }
            (Some(inline), None) => {
                (Given { text: inline.text.trim().to_owned(), ..inline }, "set (inline)".to_owned())
            }
            (None, Some(file)) => {
                let shown = format!("set (file {})", file.text);
                (self.secret_file(key, file)?, shown)
            }
            (None, None) => (self.default(key), "unset".to_owned()),
        };
        self.provenance.insert(key.name, given.origin);
        self.shown.insert(key.name, shown);
        Some(given)
    }

    fn secret_file(&mut self, key: &'static Key, file: Given) -> Option<Given> {
        let path = file.base.join(&file.text);
        match read_secret(key.name, &path) {
            Ok((text, mode)) => {
                if mode & 0o077 != 0 {
                    let (name, path) = (key.name, path.display());
                    self.warnings.push(format!(
                        "{name}_file: \"{path}\" is readable by others ({:04o}); run chmod 600 {path}",
                        mode & 0o7777
                    ));
                }
                Some(Given { text, ..file })
            }
            Err(fault) => {
                self.errors.push(ConfigError { position: file.position, fault });
                None
            }
        }
    }

    fn default(&self, key: &Key) -> Given {
        Given {
            text: key.default.to_owned(),
            origin: Origin::Default,
            position: Position::Default,
            base: self.cwd.to_owned(),
        }
    }

    fn resolve_data_dir(&self) -> PathBuf {
        let given = self.given.get("data_dir");
        given.map_or_else(
            || self.cwd.join("carnet-data"),
            |given| plainly(&given.base.join(&given.text)),
        )
    }
}

/// A path without its `.` parts, as people would write it.
fn plainly(path: &Path) -> PathBuf {
    path.components().collect()
}

/// A file's text, to tell lines and columns in.
struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn position(&self, at: usize) -> Position {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position::File {
            path: self.path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// Reads a secret: its text, trimmed, and the file's mode.
fn read_secret(key: &'static str, path: &Path) -> Result<(String, u32), Fault> {
    let unreadable =
        |error: std::io::Error| Fault::SecretFileUnreadable { key, kind: error.kind() };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    let mut text = String::new();
    file.take(SECRET_LEN_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > SECRET_LEN_MAX {
        return Err(Fault::SecretFileTooLarge { key });
    }
    let text = text.trim();
    if text.is_empty() { Err(Fault::SecretFileEmpty { key }) } else { Ok((text.to_owned(), mode)) }
}

/// The key of this name, and whether it is the form that names a file.
fn find(name: &str) -> Option<(&'static Key, bool)> {
    KEYS.iter().find_map(|key| {
        let is_file = key.file_name().is_some_and(|file| file == name);
        (key.name == name || is_file).then_some((key, is_file))
    })
}

fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.split_once('.').is_some_and(|(section, _)| section == name))
}

/// Every name a value may have, with its variable.
fn names() -> impl Iterator<Item = (String, String)> {
    KEYS.iter().flat_map(|key| {
        let file = key.file_name().map(|name| (name, format!("{}_FILE", key.variable())));
        std::iter::once((key.name.to_owned(), key.variable())).chain(file)
    })
}

fn nearest(name: &str) -> Option<&'static str> {
    let distance = |key: &&Key| strsim::damerau_levenshtein(key.name, name);
    KEYS.iter().filter(|key| distance(key) <= 3).min_by_key(distance).map(|key| key.name)
}

/// A warning for each variable that looks like ours and is not.
fn unknown_variables(sources: &Sources) -> Vec<String> {
    let known: Vec<_> = names().map(|(_, variable)| variable).collect();
    let is_ours = |name: &str| name.starts_with("CARNET_");
    let is_known = |name: &String| {
        OTHER_VARIABLES.contains(&name.as_str())
            || FOREIGN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            || known.contains(name)
    };
    let variables = sources.env.keys().filter(|name| is_ours(name) && !is_known(name));
    let warning = |name: &String| {
        let near =
            known.iter().map(|known| (strsim::damerau_levenshtein(known, name), known)).min();
        match near.filter(|(distance, _)| *distance <= 3) {
            Some((_, known)) => format!("{name}: unknown variable; did you mean {known}?"),
            None => format!("{name}: unknown variable"),
        }
    };
    variables.map(warning).collect()
}
