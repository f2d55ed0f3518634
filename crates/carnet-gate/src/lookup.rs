//! [`Lookup`]: reads what the store knows about a credential, before the gate judges it.

use std::collections::HashMap;
use std::sync::Arc;

use carnet_ticket::id::{Fingerprint, UniqueId};
use carnet_ticket::verify::{Class, Facts, Presented, Reason, Surface};
use futures::future::BoxFuture;
use moka::sync::Cache;

use crate::denied::Denied;
use crate::gate::Gate;
use crate::grant::Grant;

/// Knows the stored credentials of one class.
pub trait StatusSource: Send + Sync + 'static {
    /// What is known of `presented`; no row when there is none. [`Reason::StatusUnavailable`] when the store
    /// does not answer. The facts carry the gate's epoch from before the row was read.
    fn load<'a>(&'a self, presented: &'a Presented<'_>) -> BoxFuture<'a, Result<Facts, Reason>>;

    /// What of `presented` the facts are about: everything, unless it is made anew each time it is presented.
    fn about<'a>(&self, presented: &Presented<'a>) -> &'a [u8] {
        presented.data.unwrap_or_default()
    }
}

/// How many credentials' facts are remembered.
const REMEMBERED_MAX: u64 = 100_000;

/// Brings the gate its facts: from the store, or as they were read before while their row stands unchanged.
/// Time, revocation and meters are judged afresh each time all the same.
#[derive(Clone)]
pub struct Lookup {
    gate: Gate,
    sources: Arc<HashMap<Class, Arc<dyn StatusSource>>>,
    /// By the hash of what of the credential they are about.
    remembered: Cache<UniqueId, Arc<Facts>>,
}

/// Makes a [`Lookup`].
pub struct LookupBuilder {
    gate: Gate,
    sources: HashMap<Class, Arc<dyn StatusSource>>,
}

impl LookupBuilder {
    /// Asks `source` about credentials of `class`.
    #[must_use]
    pub fn source(mut self, class: Class, source: Arc<dyn StatusSource>) -> Self {
        self.sources.insert(class, source);
        self
    }

    /// The lookup.
    pub fn build(self) -> Lookup {
        let remembered = Cache::new(REMEMBERED_MAX);
        Lookup { gate: self.gate, sources: Arc::new(self.sources), remembered }
    }
}

impl Lookup {
    /// A lookup for `gate` that, so far, knows nothing.
    pub fn builder(gate: &Gate) -> LookupBuilder {
        LookupBuilder { gate: gate.clone(), sources: HashMap::new() }
    }

    /// The gate it serves.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// What is known of `presented`; nothing, at once, for classes without a source.
    pub async fn load(&self, presented: &Presented<'_>) -> Result<Arc<Facts>, Reason> {
        Ok(self.find(presented).await?.0)
    }

    /// What is known of `presented`, and under what it is to be remembered unless it is already.
    async fn find(
        &self,
        presented: &Presented<'_>,
    ) -> Result<(Arc<Facts>, Option<UniqueId>), Reason> {
        let source = presented.class().and_then(|class| self.sources.get(&class));
        let Some(source) = source else { return Ok((Arc::default(), None)) };
        let question = question(presented, source.about(presented));
        let known = self.remembered.get(&question);
        match known.filter(|facts| self.gate.is_current(facts)) {
            Some(facts) => Ok((facts, None)),
            None => Ok((Arc::new(source.load(presented).await?), Some(question))),
        }
    }

    /// Loads the facts and admits; loads once more when the row changed in between.
    pub async fn admit(
        &self,
        presented: &Presented<'_>,
        surface: Surface,
    ) -> Result<Grant, Denied> {
        match self.load_and_admit(presented, surface).await {
            Err(Denied { reason: Reason::StatusUnavailable, .. }) => {
                self.load_and_admit(presented, surface).await
            }
            judged => judged,
        }
    }

    async fn load_and_admit(
        &self,
        presented: &Presented<'_>,
        surface: Surface,
    ) -> Result<Grant, Denied> {
        let (facts, question) = self.find(presented).await.map_err(|reason| Denied {
            reason,
            class: presented.class(),
            surface,
            fingerprint: Fingerprint::default(),
            rule: None,
        })?;
        let grant = self.gate.admit(presented, &facts, surface)?;
        // Only what was found good: guesses at a secret do not fill the memory.
        if let (Some(_), Some(question)) = (&facts.row, question) {
            self.remembered.insert(question, facts);
        }
        Ok(grant)
    }
}

fn question(presented: &Presented<'_>, about: &[u8]) -> UniqueId {
    let class = presented.class().map_or("", Class::as_str);
    UniqueId::from_parts(&[class.as_bytes(), about])
}
