//! [`Raw`]: a value as a source wrote it, before it has the type of its key.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use toml::de::{DeTable, DeValue};

use crate::value::Kind;

/// A value as a source wrote it. The entries of lists and maps are trimmed, blank ones are dropped, and so are
/// repeats in lists of ids.
#[derive(Clone)]
pub(crate) enum Raw {
    Text(String),
    List(Vec<String>),
    Map(BTreeMap<String, String>),
}

impl Raw {
    /// Reads a variable or flag: lists are comma-separated or a JSON array, maps a JSON object.
    pub fn from_text(text: &str, kind: Kind) -> Option<Self> {
        let text_or_json = text.trim();
        Some(match kind {
            Kind::List | Kind::PathList | Kind::SecretList if text_or_json.starts_with('[') => {
                Self::list(kind, serde_json::from_str::<Vec<String>>(text).ok()?)
            }
            Kind::List | Kind::PathList | Kind::SecretList => {
                Self::list(kind, text.split(',').map(str::to_owned))
            }
            Kind::SecretMap if text_or_json.is_empty() => Self::Map(BTreeMap::new()),
            Kind::SecretMap => Self::map(serde_json::from_str::<UniqueEntries>(text).ok()?.0),
            _ => Self::Text(text.to_owned()),
        })
    }

    /// Reads a value of a file.
    pub fn from_toml(value: &DeValue<'_>, kind: Kind) -> Option<Self> {
        Some(match (value, kind) {
            // A word of a choice may be true or false.
            (DeValue::Boolean(value), Kind::Bool | Kind::Choice(_)) => {
                Self::Text(value.to_string())
            }
            (DeValue::Integer(value), Kind::Int | Kind::Size) if value.radix() == 10 => {
                Self::Text(value.as_str().to_owned())
            }
            (DeValue::Array(values), Kind::List | Kind::PathList | Kind::SecretList) => {
                let texts = values.iter().map(|value| value.get_ref().as_str().map(str::to_owned));
                Self::list(kind, texts.collect::<Option<Vec<_>>>()?)
            }
            (DeValue::Table(table), Kind::SecretMap) => Self::from_table(table)?,
            (
                DeValue::String(text),
                Kind::Text
                | Kind::Secret
                | Kind::SecretFile
                | Kind::Duration
                | Kind::Size
                | Kind::Path
                | Kind::Choice(_),
            ) => Self::Text(text.to_string()),
            _ => return None,
        })
    }

    /// Reads a table of texts.
    pub fn from_table(table: &DeTable<'_>) -> Option<Self> {
        let mut entries = BTreeMap::new();
        for (name, value) in table {
            entries.insert(name.get_ref().to_string(), value.get_ref().as_str()?.to_owned());
        }
        Some(Self::map(entries))
    }

    /// Whether a secret of this counts as unset.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Text(text) => text.trim().is_empty(),
            Self::List(entries) => entries.is_empty(),
            Self::Map(entries) => entries.is_empty(),
        }
    }

    /// As it is shown, and as a variable could set it.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(entries) => serde_json::json!(entries).to_string(),
            Self::Map(entries) => serde_json::json!(entries).to_string(),
        }
    }

    fn list(kind: Kind, entries: impl IntoIterator<Item = String>) -> Self {
        let trimmed = entries.into_iter().map(|entry| entry.trim().to_owned());
        let mut seen = HashSet::new();
        // Repeats of secrets are kept: whether a key is named twice is asked later.
        let mut is_new = |entry: &String| kind != Kind::List || seen.insert(entry.clone());
        Self::List(trimmed.filter(|entry| !entry.is_empty() && is_new(entry)).collect())
    }

    fn map(entries: BTreeMap<String, String>) -> Self {
        let trimmed = entries.into_iter().map(|(name, text)| (name, text.trim().to_owned()));
        Self::Map(trimmed.filter(|(_, text)| !text.is_empty()).collect())
    }
}

/// A JSON object in which no name comes twice: of two secrets for one name neither is silently lost.
struct UniqueEntries(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for UniqueEntries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = UniqueEntries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UniqueEntries, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some((name, text)) = map.next_entry()? {
                    if entries.insert(name, text).is_some() {
                        return Err(de::Error::custom("a name comes twice"));
                    }
                }
                Ok(UniqueEntries(entries))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}
