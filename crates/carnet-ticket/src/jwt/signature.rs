//! What tells validators apart: [`Jwt::signature`].

use serde::Serialize;

use super::{CLASS, Jwt, VerifyingKey};
use crate::id::UniqueId;

/// Under this follows what the source format's formula cannot say.
const EXTENSION: &str = "carnet.jwt.ext.v1";

impl Jwt {
    /// Names how tokens are judged: what group ids are made of. The keys of a ring are not part of it, its name is.
    pub fn signature(&self) -> UniqueId {
        let mut signature = CLASS;
        for (algorithm, fingerprint) in self.keys.iter().flat_map(VerifyingKey::fingerprints) {
            signature = signature.derive(algorithm.as_str()).derive(fingerprint);
        }
        if let Some(ring) = &self.ring {
            signature = signature.derive("ring").derive(ring.name());
        }
        signature = signature
            .derive([u8::from(self.non_expiring)])
            .derive(self.issuers.join(","))
            .derive(self.audiences.join(","))
            .derive(self.subject.as_deref().unwrap_or_default())
            .derive(self.max_lifetime_s.unwrap_or(0).to_le_bytes())
            .derive(self.max_age_s.unwrap_or(0).to_le_bytes());
        for (name, value) in &self.claims {
            signature = signature.derive(name).derive(value.to_string());
        }
        match self.extension() {
            Some(extension) => signature.derive(EXTENSION).derive(extension),
            None => signature,
        }
    }

    /// Compact JSON of what the formula leaves out or makes ambiguous, when any of that is in use.
    fn extension(&self) -> Option<String> {
        let names = || self.issuers.iter().chain(&self.audiences);
        let is_in_use = names().any(|name| name.contains(',') || name.is_empty())
            || self.subject.as_deref() == Some("")
            || self.max_lifetime_s == Some(0)
            || self.max_age_s == Some(0)
            || self.leeway_s > 0
            || self.strict
            || self.typ.is_some()
            || self.any_subject
            // Else such a claim could pass for an extension.
            || self.claims.contains_key(EXTENSION);
        let extension = Extension {
            any_sub: self.any_subject,
            aud: &self.audiences,
            iss: &self.issuers,
            leeway_s: self.leeway_s,
            max_age_s: self.max_age_s,
            max_lifetime_s: self.max_lifetime_s,
            strict: self.strict,
            sub: self.subject.as_deref(),
            typ: self.typ.as_deref(),
        };
        // Texts, numbers and truth values: nothing of it can fail to be JSON.
        is_in_use.then(|| serde_json::to_string(&extension).unwrap_or_default())
    }
}

#[derive(Serialize)]
struct Extension<'a> {
    any_sub: bool,
    aud: &'a [String],
    iss: &'a [String],
    leeway_s: u64,
    max_age_s: Option<u64>,
    max_lifetime_s: Option<u64>,
    strict: bool,
    sub: Option<&'a str>,
    typ: Option<&'a str>,
}
