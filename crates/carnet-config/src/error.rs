//! [`ConfigErrors`]: everything that is wrong with a configuration, told together.

use std::fmt;
use std::path::PathBuf;

use crate::files::FileFault;

/// How many faults are told: looking for more is of no use.
pub(crate) const TOLD_MAX: usize = 50;

/// Why a configuration was not loaded: every fault, at most 50 of them.
pub type ConfigErrors = Faults<Fault>;

/// One fault of a configuration, and where it is.
pub type ConfigError = FaultAt<Fault>;

/// Faults that are told together: at most 50.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults<F>(Vec<FaultAt<F>>);

/// One fault, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultAt<F> {
    /// Where: in the file, in a variable, in a flag.
    pub position: Position,
    /// What.
    pub fault: F,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// A place in the file, counted from 1.
    File {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The column, in characters.
        column: usize,
    },
    /// The file as a whole.
    WholeFile(PathBuf),
    /// A variable.
    Environment(String),
    /// A flag.
    Flag,
    /// A default.
    Default,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A file that was named is not there.
    #[error("not found")]
    NotFound,
    /// A file cannot be read.
    #[error("cannot be read: {0:?}")]
    Unreadable(std::io::ErrorKind),
    /// The file has more than 1 MiB.
    #[error("has more than 1 MiB")]
    TooLarge,
    /// It is not TOML.
    #[error("not TOML: {0}")]
    Syntax(Syntax),
    /// There is no such key.
    #[error("{key}: unknown key{}", suggestion.as_ref().map(|name| format!("; did you mean {name}?")).unwrap_or_default())]
    UnknownKey {
        /// As it was written, at most 64 characters of it.
        key: KeyText,
        /// The nearest key there is.
        suggestion: Option<KeyText>,
    },
    /// The value is not of the key's type.
    #[error("{key}: expected {expected}")]
    WrongType {
        /// The key.
        key: &'static str,
        /// What it takes.
        expected: ExpectedText,
    },
    /// The value is of the type, and not one that the key takes.
    #[error("{key}: not a value; expected {expected}")]
    InvalidValue {
        /// The key.
        key: &'static str,
        /// What it takes.
        expected: ExpectedText,
    },
    /// A secret is given by itself and by a file.
    #[error("{key}: given both by itself and by {file_key}; keep one")]
    AmbiguousSecret {
        /// The key.
        key: &'static str,
        /// The key of its file.
        file_key: KeyText,
    },
    /// A secret's file cannot be read.
    #[error("{file}: cannot be read: {kind:?}")]
    SecretFileUnreadable {
        /// The key.
        key: &'static str,
        /// The file.
        file: NamedFile,
        /// Why.
        kind: std::io::ErrorKind,
    },
    /// A secret's file is empty.
    #[error("{file}: the file is empty")]
    SecretFileEmpty {
        /// The key.
        key: &'static str,
        /// The file.
        file: NamedFile,
    },
    /// A secret's file has more than 64 KiB.
    #[error("{file}: the file has more than 64 KiB")]
    SecretFileTooLarge {
        /// The key.
        key: &'static str,
        /// The file.
        file: NamedFile,
    },
}

/// A file, and the key that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// The key.
    pub key: KeyText,
    /// The file.
    pub path: PathBuf,
}

/// A key as somebody wrote it: at most 64 characters, control characters escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyText(String);

/// What a key takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedText(pub(crate) String);

/// What the TOML parser expected: its own words, without any of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Syntax(pub(crate) String);

impl Fault {
    pub(crate) fn of_secret_file(
        key: &'static str,
        file_key: &str,
        path: PathBuf,
        fault: FileFault,
    ) -> Self {
        let file = NamedFile { key: KeyText::new(file_key), path };
        match fault {
            FileFault::Unreadable(kind) => Self::SecretFileUnreadable { key, file, kind },
            FileFault::Empty => Self::SecretFileEmpty { key, file },
            FileFault::TooLarge => Self::SecretFileTooLarge { key, file },
        }
    }
}

impl KeyText {
    pub(crate) fn new(key: &str) -> Self {
        Self(key.chars().take(64).flat_map(char::escape_debug).collect())
    }
}

impl<F> Faults<F> {
    pub(crate) fn new(mut errors: Vec<FaultAt<F>>) -> Self {
        errors.truncate(TOLD_MAX);
        Self(errors)
    }

    /// The faults, in the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &FaultAt<F>> {
        self.0.iter()
    }
}

impl<F: fmt::Debug + fmt::Display> std::error::Error for Faults<F> {}

impl<F: fmt::Display> fmt::Display for Faults<F> {
    /// A line for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if at > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

impl<F: fmt::Display> fmt::Display for FaultAt<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.position {
            Position::File { path, line, column } => {
                write!(f, "{}:{line}:{column}: ", path.display())?
            }
            Position::WholeFile(path) => write!(f, "{}: ", path.display())?,
            Position::Environment(name) => write!(f, "{name}: ")?,
            Position::Flag => f.write_str("--set: ")?,
            Position::Default => f.write_str("default: ")?,
        }
        self.fault.fmt(f)
    }
}

impl fmt::Display for NamedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: \"{}\"", self.key, self.path.display())
    }
}

impl fmt::Display for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ExpectedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
