//! Types of secrets.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use secrecy::zeroize::Zeroize;
use secrecy::{CloneableSecret, ExposeSecret, SecretBox, SecretString};

use crate::keys::Auth;
use crate::raw::Raw;
use crate::value::{Kind, Setting};

/// A secret that a file alone gives.
#[derive(Debug, Clone)]
pub struct FileSecret(pub SecretString);

/// The key that managed private keys are sealed with at rest.
#[derive(Clone)]
pub struct SealKey(SecretBox<KeyBytes>);

#[derive(Clone, PartialEq, Eq)]
struct KeyBytes([u8; 32]);

impl SealKey {
    /// The key, to seal with.
    pub fn expose_secret(&self) -> &[u8; 32] {
        &self.0.expose_secret().0
    }

    /// Reads 32 bytes as hex, or as base64 of either alphabet with or without padding.
    fn parse(text: &str) -> Option<Self> {
        const PADDING: GeneralPurposeConfig =
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, PADDING);
        const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, PADDING);
        let decoded = hex::decode(text).ok();
        let decoded = decoded.or_else(|| STANDARD.decode(text).ok());
        let mut bytes = decoded.or_else(|| URL_SAFE.decode(text).ok())?;
        let key = <[u8; 32]>::try_from(bytes.as_slice()).ok();
        bytes.zeroize();
        key.map(|key| Self(SecretBox::new(Box::new(KeyBytes(key)))))
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey")
    }
}

impl Zeroize for KeyBytes {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl CloneableSecret for KeyBytes {}

impl Auth {
    /// The keys that worker tokens verify with: the one that mints first, each once.
    pub fn worker_signing_ring(&self) -> Vec<&SecretString> {
        let mut ring: Vec<&SecretString> = Vec::new();
        for key in self.worker_signing_key.iter().chain(&self.worker_signing_keys) {
            if !ring.iter().any(|held| held.expose_secret() == key.expose_secret()) {
                ring.push(key);
            }
        }
        ring
    }
}

impl Setting for Option<SecretString> {
    const KIND: Kind = Kind::Secret;

    fn from_raw(raw: &Raw) -> Option<Self> {
        let Raw::Text(text) = raw else { return None };
        Some((!text.is_empty()).then(|| SecretString::from(text.as_str())))
    }

    fn is_same(&self, other: &Self) -> bool {
        are_same(self, other)
    }
}

impl Setting for Option<FileSecret> {
    const KIND: Kind = Kind::SecretFile;

    fn from_raw(raw: &Raw) -> Option<Self> {
        Option::<SecretString>::from_raw(raw).map(|secret| secret.map(FileSecret))
    }

    fn is_same(&self, other: &Self) -> bool {
        are_same(self.iter().map(|file| &file.0), other.iter().map(|file| &file.0))
    }
}

impl Setting for Option<SealKey> {
    const KIND: Kind = Kind::Secret;

    fn from_raw(raw: &Raw) -> Option<Self> {
        let Raw::Text(text) = raw else { return None };
        if text.is_empty() { Some(None) } else { SealKey::parse(text).map(Some) }
    }

    fn is_same(&self, other: &Self) -> bool {
        let bytes = |key: &Self| key.as_ref().map(|key| *key.expose_secret());
        bytes(self) == bytes(other)
    }

    fn expected() -> String {
        "32 bytes as hex or base64".to_owned()
    }
}

impl Setting for Vec<SecretString> {
    const KIND: Kind = Kind::SecretList;

    fn from_raw(raw: &Raw) -> Option<Self> {
        let Raw::List(entries) = raw else { return None };
        Some(entries.iter().map(|entry| SecretString::from(entry.as_str())).collect())
    }

    fn is_same(&self, other: &Self) -> bool {
        are_same(self, other)
    }
}

impl Setting for BTreeMap<String, SecretString> {
    const KIND: Kind = Kind::SecretMap;

    fn from_raw(raw: &Raw) -> Option<Self> {
        let Raw::Map(entries) = raw else { return None };
        let entry =
            |(name, text): (&String, &String)| (name.clone(), SecretString::from(text.as_str()));
        Some(entries.iter().map(entry).collect())
    }

    fn is_same(&self, other: &Self) -> bool {
        self.keys().eq(other.keys()) && are_same(self.values(), other.values())
    }
}

fn are_same<'a>(
    one: impl IntoIterator<Item = &'a SecretString>,
    other: impl IntoIterator<Item = &'a SecretString>,
) -> bool {
    one.into_iter()
        .map(ExposeSecret::expose_secret)
        .eq(other.into_iter().map(ExposeSecret::expose_secret))
}
