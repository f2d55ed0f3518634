//! [`Jwt`]: which tokens count, said in a chain.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::{KeyRing, VerifyingKey};
use crate::id::UniqueId;

/// The most that clocks may differ by.
const LEEWAY_S_MAX: u64 = 300;

/// Judges tokens: with these keys, from these issuers, for these audiences, at this time.
///
/// Durations count in whole seconds; fractions are dropped. Source: credential spec, section 5.
#[derive(Debug, Clone)]
pub struct Jwt {
    pub(super) keys: Vec<VerifyingKey>,
    pub(super) ring: Option<KeyRing>,
    pub(super) issuers: Vec<String>,
    pub(super) audiences: Vec<String>,
    pub(super) subject: Option<String>,
    pub(super) any_subject: bool,
    pub(super) claims: BTreeMap<String, Value>,
    pub(super) non_expiring: bool,
    pub(super) max_lifetime_s: Option<u64>,
    pub(super) max_age_s: Option<u64>,
    pub(super) leeway_s: u64,
    pub(super) typ: Option<String>,
    pub(super) strict: bool,
}

impl Jwt {
    /// The class of tokens.
    pub const CLASS: UniqueId = super::CLASS;

    /// A judge with one key, which is part of its [`signature`](Self::signature).
    pub fn with_key(key: impl Into<VerifyingKey>) -> Self {
        Self::new(vec![key.into()], None)
    }

    /// A judge with the keys that `ring` holds at each moment; its name stands for them.
    pub fn with_ring(ring: KeyRing) -> Self {
        Self::new(Vec::new(), Some(ring))
    }

    fn new(keys: Vec<VerifyingKey>, ring: Option<KeyRing>) -> Self {
        Self {
            keys,
            ring,
            issuers: Vec::new(),
            audiences: Vec::new(),
            subject: None,
            any_subject: false,
            claims: BTreeMap::new(),
            non_expiring: false,
            max_lifetime_s: None,
            max_age_s: None,
            leeway_s: 0,
            typ: None,
            strict: false,
        }
    }

    /// One more key. Only the first 100 are tried, a ring's last.
    #[must_use]
    pub fn add_key(mut self, key: impl Into<VerifyingKey>) -> Self {
        self.keys.push(key.into());
        self
    }

    /// One more issuer that counts; without any, all do.
    #[must_use]
    pub fn allow_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.push(issuer.into());
        self
    }

    /// One more audience that counts; without any, all do.
    #[must_use]
    pub fn allow_audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// The subject that a token has to be issued to, whoever bears it.
    #[must_use]
    pub fn require_subject(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }

    /// Whomever a token is issued to: not even the bearer has to be.
    #[must_use]
    pub fn any_subject(self) -> Self {
        Self { any_subject: true, ..self }
    }

    /// A claim, private or registered, that has to have this JSON value. The last one of a name counts.
    #[must_use]
    pub fn require_claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Tokens without an end count too.
    #[must_use]
    pub fn allow_non_expiring(self) -> Self {
        Self { non_expiring: true, ..self }
    }

    /// The longest that a token may live, from its issue and from now.
    #[must_use]
    pub fn max_lifetime(self, lifetime: Duration) -> Self {
        Self { max_lifetime_s: Some(lifetime.as_secs()), ..self }
    }

    /// How long after its issue a token counts.
    #[must_use]
    pub fn max_age(self, age: Duration) -> Self {
        Self { max_age_s: Some(age.as_secs()), ..self }
    }

    /// By how much clocks may differ: at most 300 s of it count.
    #[must_use]
    pub fn leeway(self, leeway: Duration) -> Self {
        Self { leeway_s: leeway.as_secs().min(LEEWAY_S_MAX), ..self }
    }

    /// The `typ` that a header has to have, ignoring case and a leading `application/`.
    #[must_use]
    pub fn require_typ(self, typ: impl Into<String>) -> Self {
        Self { typ: Some(typ.into()), ..self }
    }

    /// Demands `iat`, `jti` and `aud`, and no issue time ahead of now.
    #[must_use]
    pub fn strict(self) -> Self {
        Self { strict: true, ..self }
    }

    /// Grows when the keys change under it.
    pub fn generation(&self) -> u64 {
        self.ring.as_ref().map_or(0, KeyRing::generation)
    }
}
