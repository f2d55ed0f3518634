//! [`RealmId`]: a realm is named by its owner; [`RealmPath`]: how a URL names one.

use std::fmt;
use std::str::FromStr;

use super::base32::{self, Spare};

const PREFIX: &str = "user:";
const SUBJECT_LEN_MAX: usize = 256;
const TENANT_LEN_MAX: usize = 64;

/// A realm, named as its owner is: `user:` and 26 characters, whether the owner is a user, a service or a
/// tenant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RealmId([u8; 16]);

/// A subject is empty, too long, or has control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a subject has 1 to 256 bytes and no control characters")]
pub struct BadSubject;

/// A path segment names no realm. The caller gets what it gets for any realm that is not its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such realm")]
pub struct UnknownRealm;

impl RealmId {
    /// The realm of a user: with the realm's own issuer a UUID's bytes; every other subject, and every subject
    /// of another issuer, is hashed together with its issuer.
    pub fn user(issuer: &str, subject: &str, is_realm_issuer: bool) -> Result<Self, BadSubject> {
        check_subject(subject)?;
        let uuid = is_realm_issuer.then(|| uuid_bytes(subject)).flatten();
        Ok(uuid.map_or_else(|| Self::hashed(issuer, subject), Self))
    }

    /// The realm of a development user: a UUID's bytes, anything else hashed.
    pub fn dev_user(subject: &str) -> Result<Self, BadSubject> {
        Self::user("dev", subject, true)
    }

    /// The realm of the local operator.
    pub fn local_admin() -> Self {
        Self::hashed("local", "admin")
    }

    /// The realm of a service, by its key id without `key:`.
    pub fn service(key: &str) -> Self {
        Self::hashed("service", key)
    }

    /// The realm of a tenant.
    pub fn tenant(id: &str) -> Self {
        Self::hashed("tenant", id)
    }

    fn hashed(kind: &str, name: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(kind.as_bytes()).update(&[0]).update(name.as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(id)
    }
}

impl FromStr for RealmId {
    type Err = UnknownRealm;

    fn from_str(text: &str) -> Result<Self, UnknownRealm> {
        let digits = text.strip_prefix(PREFIX).ok_or(UnknownRealm)?;
        let value = base32::decode(digits, Spare::Trailing, false).map_err(|_| UnknownRealm)?;
        Ok(Self(value.to_be_bytes()))
    }
}

impl fmt::Display for RealmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        base32::show(f, u128::from_be_bytes(self.0), Spare::Trailing)
    }
}

impl fmt::Debug for RealmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How a URL names a realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RealmPath {
    /// `self`: the home realm of whoever asks.
    Home,
    /// One realm.
    Realm(RealmId),
}

impl RealmPath {
    /// Reads a path segment, percent-decoded: `self`, `user:…`, `tenant:…`, `usr_` and a user id; with
    /// development users also `usr_` and a subject.
    pub fn parse(segment: &str, has_dev_users: bool) -> Result<Self, UnknownRealm> {
        if segment == "self" {
            return Ok(Self::Home);
        }
        if let Some(tenant) = segment.strip_prefix("tenant:") {
            let is_id = (1..=TENANT_LEN_MAX).contains(&tenant.len())
                && tenant.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
            return is_id.then(|| Self::Realm(RealmId::tenant(tenant))).ok_or(UnknownRealm);
        }
        let Some(user) = segment.strip_prefix("usr_") else {
            return segment.parse().map(Self::Realm);
        };
        match user.parse() {
            Ok(id) => Ok(Self::Realm(id)),
            Err(UnknownRealm) if has_dev_users => {
                RealmId::dev_user(user).map(Self::Realm).map_err(|BadSubject| UnknownRealm)
            }
            Err(UnknownRealm) => Err(UnknownRealm),
        }
    }
}

fn check_subject(subject: &str) -> Result<(), BadSubject> {
    let is_good =
        (1..=SUBJECT_LEN_MAX).contains(&subject.len()) && !subject.chars().any(char::is_control);
    is_good.then_some(()).ok_or(BadSubject)
}

/// The bytes of a UUID in its hyphenated form.
fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.splitn(6, '-').collect();
    let is_uuid = groups.iter().map(|group| group.len()).eq(GROUPS);
    let mut bytes = [0; 16];
    (is_uuid && hex::decode_to_slice(groups.concat(), &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "340804d8-50d1-7022-08cc-c93a7198cc99";

    fn hash(text: &[u8]) -> RealmId {
        RealmId(*blake3::hash(text).as_bytes().first_chunk().unwrap())
    }

    #[test]
    fn owners_are_hashed_with_their_kind() {
        assert_eq!(RealmId::service("01ABC"), hash(b"service\x0001ABC"));
        assert_eq!(RealmId::tenant("acme"), hash(b"tenant\0acme"));
        assert_eq!(RealmId::local_admin(), hash(b"local\0admin"));
    }

    #[test]
    fn a_uuid_is_taken_as_it_is_from_the_realm_issuer_only() {
        let user = |issuer, is_own| RealmId::user(issuer, UUID, is_own).unwrap();
        assert_eq!(user("https://a", true), RealmId::dev_user(UUID).unwrap());
        assert_eq!(user("https://a", false), hash(format!("https://a\0{UUID}").as_bytes()));
        assert_ne!(user("https://a", false), user("https://b", false));
    }

    #[test]
    fn subjects_have_1_to_256_bytes() {
        assert!(RealmId::dev_user(&"s".repeat(256)).is_ok());
        assert_eq!(RealmId::dev_user(&"s".repeat(257)), Err(BadSubject));
        assert_eq!(RealmId::dev_user("a\u{85}b"), Err(BadSubject));
    }

    #[test]
    fn paths_name_home_tenants_and_realms() {
        let tenant = RealmId::tenant("acme");
        assert_eq!(RealmPath::parse("self", false), Ok(RealmPath::Home));
        assert_eq!(RealmPath::parse("tenant:acme", false), Ok(RealmPath::Realm(tenant)));
        assert_eq!(RealmPath::parse(&tenant.to_string(), false), Ok(RealmPath::Realm(tenant)));
        for wrong in ["", "Self", "tenant:", "tenant:a/b", "acme", "usr_bob"] {
            assert_eq!(RealmPath::parse(wrong, false), Err(UnknownRealm), "{wrong}");
        }
    }
}
