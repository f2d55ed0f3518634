//! `[[tickets]]`: one entry for a role, with its secrets.

use std::collections::{HashMap, HashSet};

use carnet_ticket::capability::{Role, RoleKeys, TicketKey, TicketLimits};
use secrecy::ExposeSecret;
use toml::de::{DeTable, DeValue};

use super::error::ManifestFault;
use super::reader::{Reader, Value};
use super::secrets::{RoleSecret, RoleSecrets, SecretSource};
use crate::error::KeyText;

const PREVIOUS_MAX: usize = 4;
const SOURCES: [&str; 3] = ["secret_file", "secret_env", "secret"];
const KEYS: [&str; 5] = ["role", "secret_file", "secret_env", "secret", "previous_secret_files"];

/// What a manifest says of tickets.
#[derive(Debug, Clone)]
pub struct Tickets {
    /// The secrets of each role that has any.
    pub keys: HashMap<Role, RoleSecrets>,
    /// What tickets may say.
    pub limits: TicketLimits,
}

impl Tickets {
    /// The keys that tickets verify with: the active one of each role first.
    pub fn role_keys(&self) -> RoleKeys {
        let key = |secret: &RoleSecret| TicketKey::from_secret(secret.secret.expose_secret());
        self.keys.iter().map(|(role, secrets)| (*role, secrets.iter().map(key).collect())).collect()
    }
}

impl Reader<'_> {
    /// The secrets of every role, or of the one that is asked for, in which case others are not judged.
    pub fn tickets(
        &mut self,
        table: &DeTable<'_>,
        only: Option<Role>,
    ) -> HashMap<Role, RoleSecrets> {
        let (mut seen, mut keys) = (HashSet::new(), HashMap::new());
        let Some(value) = table.get("tickets") else { return keys };
        let Some(entries) = value.get_ref().as_array() else {
            self.wrong_type("tickets", value, "a list of tables");
            return keys;
        };
        for (at, value) in entries.iter().enumerate() {
            let key = format!("tickets[{at}]");
            let Some(entry) = value.get_ref().as_table() else {
                self.wrong_type(&key, value, "a table");
                continue;
            };
            if only.is_some_and(|role| label(entry) != Some(role.label())) {
                continue;
            }
            self.only(&key, entry, &KEYS);
            let Some(role) = self.role(&key, value, entry) else { continue };
            if !seen.insert(role) {
                self.fault(value.span(), ManifestFault::DuplicateRole(role));
                continue;
            }
            if let Some(secrets) = self.secrets(&key, value, entry) {
                keys.insert(role, secrets);
            }
        }
        keys
    }

    fn role(&mut self, key: &str, entry: &Value<'_>, table: &DeTable<'_>) -> Option<Role> {
        let key = format!("{key}.role");
        let Some(value) = table.get("role") else {
            self.fault(entry.span(), ManifestFault::Missing(KeyText::new(&key)));
            return None;
        };
        let label = self.text(&key, value)?;
        let role = Role::ALL.into_iter().find(|role| role.label() == label);
        if role.is_none() {
            let (key, label) = (KeyText::new(&key), KeyText::new(label));
            self.fault(value.span(), ManifestFault::UnknownRole { key, label });
        }
        role
    }

    fn secrets(
        &mut self,
        key: &str,
        entry: &Value<'_>,
        table: &DeTable<'_>,
    ) -> Option<RoleSecrets> {
        let active = self.active(key, entry, table);
        let previous = match table.get("previous_secret_files") {
            Some(value) => self.previous(&format!("{key}.previous_secret_files"), value),
            None => Some(Vec::new()),
        };
        Some(RoleSecrets { active: active?, previous: previous? })
    }

    /// The secret by the one source there is.
    fn active(&mut self, key: &str, entry: &Value<'_>, table: &DeTable<'_>) -> Option<RoleSecret> {
        let mut sources = SOURCES.into_iter().filter_map(|name| Some((name, table.get(name)?)));
        let Some((name, value)) = sources.next() else {
            self.fault(entry.span(), ManifestFault::NoSecret(KeyText::new(key)));
            return None;
        };
        if let Some((second, value)) = sources.next() {
            let key = KeyText::new(&format!("{key}.{second}"));
            self.fault(value.span(), ManifestFault::SecondSource { key, other: name });
            return None;
        }
        let key = format!("{key}.{name}");
        let text = self.text(&key, value)?;
        match name {
            "secret_file" => self.file_secret(&key, value, text),
            "secret_env" => {
                let secret = self.env.get(text).map_or("", String::as_str).trim_end();
                let source = SecretSource::Environment(text.to_owned());
                let fault = ManifestFault::VariableUnset(KeyText::new(&key));
                self.unless_blank(value, RoleSecret::new(secret, source), fault)
            }
            _ => {
                let fault = ManifestFault::SecretEmpty(KeyText::new(&key));
                self.unless_blank(value, RoleSecret::new(text, SecretSource::Inline), fault)
            }
        }
    }

    fn previous(&mut self, key: &str, value: &Value<'_>) -> Option<Vec<RoleSecret>> {
        let DeValue::Array(names) = value.get_ref() else {
            self.wrong_type(key, value, "a list of paths");
            return None;
        };
        if names.len() > PREVIOUS_MAX {
            let (key, count) = (KeyText::new(key), names.len() as i128);
            let fault = ManifestFault::AboveMaximum { key, value: count, max: PREVIOUS_MAX as u64 };
            self.fault(value.span(), fault);
            return None;
        }
        let read = |(at, value): (usize, &Value<'_>)| {
            let key = format!("{key}[{at}]");
            let name = self.text(&key, value)?;
            self.file_secret(&key, value, name)
        };
        // Every one is read before any is missed: all faults are told.
        let secrets: Vec<_> = names.iter().enumerate().map(read).collect();
        secrets.into_iter().collect()
    }

    fn file_secret(&mut self, key: &str, value: &Value<'_>, name: &str) -> Option<RoleSecret> {
        let secret = self.secret_file(key, value.span(), name)?;
        Some(RoleSecret::new(&secret, SecretSource::File(name.into())))
    }

    fn unless_blank(
        &mut self,
        value: &Value<'_>,
        secret: RoleSecret,
        fault: ManifestFault,
    ) -> Option<RoleSecret> {
        if secret.secret.expose_secret().trim().is_empty() {
            self.fault(value.span(), fault);
            return None;
        }
        Some(secret)
    }
}

fn label<'t>(entry: &'t DeTable<'_>) -> Option<&'t str> {
    entry.get("role")?.get_ref().as_str()
}
