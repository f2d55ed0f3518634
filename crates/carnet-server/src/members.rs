//! [`Members`]: a JSON object that is read member by member, so that whoever sent it learns which one is wrong.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::problem::Problem;

/// The longest name of a member that is told back.
const NAME_LEN_MAX: usize = 64;

/// The members of an object that were not read yet.
pub(crate) struct Members {
    members: Map<String, Value>,
    /// What stands before their names where they are told: `limits.`.
    prefix: &'static str,
}

impl Members {
    /// The object of a body.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let Unique(members) =
            serde_json::from_slice(bytes).map_err(|_| Problem::invalid("Json", "body"))?;
        Ok(Self { members, prefix: "" })
    }

    /// An object in a body.
    pub(crate) fn of(members: Map<String, Value>, prefix: &'static str) -> Self {
        Self { members, prefix }
    }

    /// Takes a member out; missing and null are the same.
    pub(crate) fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        match self.members.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(&value)
                .map(Some)
                .ok_or_else(|| Problem::invalid("WrongType", &format!("{}{name}", self.prefix))),
        }
    }

    /// Refuses what was not taken out. A member that does not exist is refused: a misspelt limit would be none.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let Some(name) = self.members.keys().next() else { return Ok(()) };
        let name: String = name.chars().take(NAME_LEN_MAX).collect();
        Err(Problem::invalid("UnknownField", &format!("{}{name}", self.prefix)))
    }
}

/// An object none of whose members is there twice.
struct Unique(Map<String, Value>);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Unique, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = access.next_entry::<String, Value>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is there twice"));
            }
        }
        Ok(Unique(members))
    }
}
