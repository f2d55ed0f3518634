//! [`WorkerTokenVerifier`]: worker tokens and static tokens of workers, for the gate.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use serde_json::Map;

use super::{
    Audience, Format, STATIC_CLASS, WorkerAuth, WorkerIdentity, WorkerKeys, WorkerScope,
    WorkerTokenError, inspect,
};
use crate::rights::{Rights, RouteScopes};
use crate::time::Timestamp;
use crate::verify::{Bearer, Class, Facts, Limits, Presented, Profile, Reason, Verified, Verify};

/// What a worker, or who calls one, presents at `endpoint`: a token of either class, and the id of the worker.
pub fn presented<'a>(
    worker_id: Option<&'a str>,
    token: &'a str,
    endpoint: Audience,
) -> Presented<'a> {
    let bearer = Bearer { subject: worker_id, role: None, audience: Some(endpoint.as_str()) };
    Presented { class: Some(class(token)), data: Some(token.as_bytes()), bearer }
}

/// The class of a token: a text that is not of a signed format is a static one.
fn class(token: &str) -> Class {
    match Format::of(token) {
        Some(_) => Class::WorkerToken,
        None => Class::StaticToken,
    }
}

/// Judges the classes `worker-token` and `static-token`. The bearer's subject is the worker id that the
/// request names, its audience the one that the surface demands.
pub struct WorkerTokenVerifier {
    auth: ArcSwap<WorkerAuth>,
    generation: AtomicU64,
}

impl WorkerTokenVerifier {
    /// A judge with these keys.
    pub fn new(keys: WorkerKeys, profile: Profile) -> Self {
        let auth = ArcSwap::from_pointee(WorkerAuth { keys, profile });
        Self { auth, generation: AtomicU64::new(0) }
    }

    /// Judges by `keys` from the next call on, as strictly as `profile` says.
    pub fn swap(&self, keys: WorkerKeys, profile: Profile) {
        self.auth.store(WorkerAuth { keys, profile }.into());
        // After the keys: whoever reads the new number judges by the new keys.
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// The worker that a token names by itself, where its carrier does not: a signed one says it, unverified; of the
    /// static ones those of single workers do.
    pub fn named_by(&self, token: &str) -> Option<String> {
        match Format::of(token.trim()) {
            Some(_) => inspect(token.trim()).ok()?.worker_id,
            None => self.auth.load().keys.owner(token.trim()).map(str::to_owned),
        }
    }
}

impl Verify for WorkerTokenVerifier {
    fn verify(
        &self,
        presented: &Presented<'_>,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Verified, Reason> {
        let text = presented.as_text().ok_or(Reason::Malformed)?.trim();
        let class = class(text);
        // A surface may accept one class and not the other: the text does not choose.
        if presented.class() != Some(class) {
            return Err(Reason::Malformed);
        }
        let bearer = presented.bearer;
        let identity = bearer
            .audience
            .and_then(Audience::parse)
            .ok_or(WorkerTokenError::Audience)
            .and_then(|endpoint| {
                self.auth.load().identify(endpoint, bearer.subject, Some(text), now)
            })
            .map_err(Reason::WorkerToken)?;
        Ok(identity.verified(class, facts))
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }
}

impl WorkerIdentity {
    /// What the gate makes of it.
    fn verified(self, class: Class, facts: &Facts) -> Verified {
        let scopes = self.scopes.as_slice().iter().map(|scope| WorkerScope::as_str(*scope));
        let rights = RouteScopes {
            role: String::new(),
            scopes: scopes.collect(),
            tenant: None,
            worker: Some(self.worker_id.clone()),
            mint_for: Vec::new(),
        };
        Verified {
            class,
            content_id: self
                .content_id
                .unwrap_or_else(|| STATIC_CLASS.derive(self.key_id.to_string())),
            subject: Some(self.worker_id),
            token_id: self.token_id,
            key_id: Some(self.key_id),
            issued_at: self.issued_at,
            expires: self.expires,
            rights: Some(Rights::Routes(rights)),
            limits: Limits::none(),
            certificate: None,
            ancestors: facts.ancestors.clone(),
            claims: Map::new(),
        }
    }
}

impl fmt::Debug for WorkerTokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WorkerTokenVerifier").field(&self.auth.load()).finish()
    }
}
