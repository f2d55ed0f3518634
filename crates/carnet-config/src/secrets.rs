//! Secrets as they are given: by themselves, or by files.

use carnet_ticket::id::KeyId;
use toml::de::DeTable;

use crate::error::{ConfigError, Fault, KeyText};
use crate::files::{UsedFile, read_secret};
use crate::keys::Key;
use crate::layers::Given;
use crate::raw::Raw;
use crate::value::Kind;
use crate::values::Values;

/// Secrets in a list: an unknown token may be tried with every one.
const LIST_LEN_MAX: usize = 64;

/// The least bytes of an HMAC key in strict.
const STRICT_LEN_MIN: usize = 32;

/// Keys that hold HMAC keys, and the profile that they are judged by.
const HMAC_KEYS: [(&str, &str); 3] = [
    ("auth.worker_signing_key", "profile.worker_token"),
    ("auth.worker_signing_keys", "profile.worker_token"),
    ("tickets.jwt.hmac_key_file", "profile.jwt"),
];

impl Values<'_> {
    /// A secret: given by itself, or by files. None when that has a fault.
    pub(crate) fn secret(&mut self, key: &'static Key) -> Option<Given> {
        let file_key = key.file_name()?;
        let file = self.given.remove(&file_key);
        // No files in a list, or no name where nothing but a name is given, is no fault.
        let may_be_blank = matches!(key.kind, Kind::SecretList | Kind::SecretFile);
        let file = file.filter(|file| !may_be_blank || !file.raw.is_blank());
        let inline = self.given.remove(key.name).filter(|given| !given.raw.is_blank());
        let is_long =
            |given: &&Given| matches!(&given.raw, Raw::List(list) if list.len() > LIST_LEN_MAX);
        if let Some(given) = [&inline, &file].into_iter().flatten().find(is_long) {
            self.refuse(key, given.position.clone(), format!("at most {LIST_LEN_MAX} of them"));
            return None;
        }
        let (given, shown) = match (inline, file) {
            (Some(_), Some(file)) => {
                let fault =
                    Fault::AmbiguousSecret { key: key.name, file_key: KeyText::new(&file_key) };
                self.errors.push(ConfigError { position: file.position, fault });
                return None;
            }
            (Some(inline), None) => {
                let raw = trimmed(inline.raw);
                let shown = format!("set (inline, {})", told(&raw));
                (Given { raw, ..inline }, shown)
            }
            (None, Some(file)) => self.secret_files(key, &file_key, file)?,
            (None, None) => (self.default(key), "unset".to_owned()),
        };
        self.check_lengths(key, &given);
        self.provenance.insert(key.name, given.origin);
        self.shown.insert(key.name, shown);
        Some(given)
    }

    /// What the files hold, and how that is shown.
    fn secret_files(
        &mut self,
        key: &'static Key,
        file_key: &str,
        given: Given,
    ) -> Option<(Given, String)> {
        let names = match &given.raw {
            Raw::Text(name) => std::slice::from_ref(name),
            Raw::List(names) => names,
            Raw::Map(_) => return None,
        };
        if self.unread == Some(key.name) {
            self.secret_files.insert(key.name, given.base.join(names.concat()));
            let shown = format!("file {}", names.concat());
            return Some((self.default(key), shown));
        }
        // Every file is read before any is missed: all faults are told.
        let texts: Vec<_> =
            names.iter().map(|name| self.secret_file(key, file_key, &given, name)).collect();
        let texts = texts.into_iter().collect::<Option<Vec<_>>>()?;
        let told_of = |(name, text): (&String, &String)| {
            format!("set (file {name}, {})", told(&Raw::Text(text.clone())))
        };
        let raw = match (key.kind, texts.as_slice()) {
            (Kind::SecretList, _) => {
                let shown: Vec<_> = names.iter().zip(&texts).map(told_of).collect();
                return Some((Given { raw: Raw::List(texts), ..given }, shown.join(", ")));
            }
            (Kind::SecretMap, [text]) => self.secret_table(key, &given, text)?,
            (_, [text]) => Raw::Text(text.clone()),
            _ => return None,
        };
        let shown = format!("set (file {}, {})", names.concat(), told(&raw));
        self.secret_files.insert(key.name, given.base.join(names.concat()));
        Some((Given { raw, ..given }, shown))
    }

    /// The trimmed text of one file.
    fn secret_file(
        &mut self,
        key: &'static Key,
        file_key: &str,
        given: &Given,
        name: &str,
    ) -> Option<String> {
        let path = given.base.join(name);
        let read = read_secret(&path);
        self.files.push(UsedFile::read(&path, &read));
        match read {
            Ok(file) => {
                self.warnings.extend(file.mode_warning(file_key, &path));
                Some(file.text.trim().to_owned())
            }
            Err(fault) => {
                let fault = Fault::of_secret_file(key.name, file_key, path, fault);
                self.errors.push(ConfigError { position: given.position.clone(), fault });
                None
            }
        }
    }

    /// The entries of a file with a table of secrets. Nothing of the file is in the fault.
    fn secret_table(&mut self, key: &'static Key, given: &Given, text: &str) -> Option<Raw> {
        let table = DeTable::parse(text).ok().and_then(|table| Raw::from_table(table.get_ref()));
        if table.is_none() {
            let expected = "a file with a TOML table of texts".to_owned();
            self.refuse(key, given.position.clone(), expected);
        }
        table
    }

    fn check_lengths(&mut self, key: &'static Key, given: &Given) {
        let Some((_, profile)) = HMAC_KEYS.into_iter().find(|(name, _)| *name == key.name) else {
            return;
        };
        let is_short = match &given.raw {
            Raw::Text(text) => !text.is_empty() && text.len() < STRICT_LEN_MIN,
            Raw::List(texts) => texts.iter().any(|text| text.len() < STRICT_LEN_MIN),
            Raw::Map(_) => false,
        };
        if is_short && !self.is_compat(profile) {
            let expected = format!("{STRICT_LEN_MIN} bytes or more, as {profile} is strict");
            self.refuse(key, given.position.clone(), expected);
        }
    }

    /// Whether a profile is compat. Profiles are the first keys that are taken.
    fn is_compat(&self, profile: &str) -> bool {
        let set = |name| self.shown.get(name).filter(|text| !text.is_empty());
        set(profile).or_else(|| set("profile.default")).is_some_and(|text| text == "compat")
    }
}

/// A secret without the blanks around it. Lists and maps have none.
fn trimmed(raw: Raw) -> Raw {
    match raw {
        Raw::Text(text) => Raw::Text(text.trim().to_owned()),
        raw => raw,
    }
}

/// What may be told of secrets: ids of keys, and how many tokens.
fn told(raw: &Raw) -> String {
    let id = |text: &String| format!("id {}", KeyId::of(text.as_bytes()));
    match raw {
        Raw::Text(text) => id(text),
        Raw::List(texts) => texts.iter().map(id).collect::<Vec<_>>().join(", "),
        Raw::Map(entries) if entries.len() == 1 => "1 entry".to_owned(),
        Raw::Map(entries) => format!("{} entries", entries.len()),
    }
}
