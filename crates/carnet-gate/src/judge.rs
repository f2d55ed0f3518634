//! [`Judge`]: judges the credentials of one class, anew or as they were judged before.

use std::sync::Arc;

use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::{Facts, Presented, Reason, Verified, Verify};

use crate::verdicts::Verdicts;

/// The verifier of a class, and what is remembered of its verdicts.
pub(crate) struct Judge {
    verifier: Arc<dyn Verify>,
    verdicts: Option<Verdicts>,
}

impl Judge {
    pub(crate) fn new(verifier: Arc<dyn Verify>, verdicts: Option<Verdicts>) -> Self {
        Self { verifier, verdicts }
    }

    /// What `presented` is worth at `now`, given what the store knows of it.
    pub(crate) fn judge(
        &self,
        presented: &Presented<'_>,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Arc<Verified>, Reason> {
        let verify = || self.verifier.verify(presented, facts, now).map(Arc::new);
        // What the store knows may change from one time to the next.
        let is_stateless = facts.row.is_none() && facts.ancestors.is_empty();
        let Some(verdicts) = self.verdicts.as_ref().filter(|_| is_stateless) else {
            return verify();
        };
        let Some(question) = verdicts.question(presented) else { return verify() };
        // Read before judging: a verdict that keys have overtaken meanwhile is outdated from the start.
        let generation = self.verifier.generation();
        if let Some(verified) = verdicts.find(&question, generation, now) {
            return Ok(verified);
        }
        let verified = verify()?;
        verdicts.keep(question, generation, now, &verified);
        Ok(verified)
    }
}
