//! [`GateBuilder`]: says what a gate takes, where, and how much of it.

use std::sync::Arc;

use carnet_ticket::verify::{Class, Profile, Surface, Verify};

use crate::clock::Clock;
use crate::gate::{Gate, Inner, RightsMap};
use crate::judge::Judge;
use crate::revocation::{Freshness, Hearing};
use crate::verdicts::{VerdictLimits, Verdicts};

/// How much a gate may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateLimits {
    /// Live grants.
    pub grants_max: usize,
    /// Metered contents.
    pub meters_max: usize,
}

impl Default for GateLimits {
    fn default() -> Self {
        Self { grants_max: 1_000_000, meters_max: 1_000_000 }
    }
}

/// One of something for each class, in the order of [`Class::ALL`]: looked into without hashing.
pub(crate) type PerClass<T> = [T; Class::ALL.len()];

/// One of something for each surface, in the order of [`Surface::ALL`].
pub(crate) type PerSurface<T> = [T; Surface::ALL.len()];

/// Makes a [`Gate`]. What is not said is denied.
pub struct GateBuilder {
    clock: Clock,
    verifiers: PerClass<Option<Arc<dyn Verify>>>,
    remembered: PerClass<Option<VerdictLimits>>,
    accepted: PerSurface<PerClass<Option<metrics::Counter>>>,
    rights: PerSurface<Option<Arc<dyn RightsMap>>>,
    freshness: Freshness,
    profile: Profile,
    limits: GateLimits,
}

impl GateBuilder {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            verifiers: Default::default(),
            remembered: Default::default(),
            accepted: Default::default(),
            rights: Default::default(),
            freshness: Freshness::Local,
            profile: Profile::Strict,
            limits: GateLimits::default(),
        }
    }

    /// Judges credentials of `class` with `verifier`.
    #[must_use]
    pub fn verifier(mut self, class: Class, verifier: Arc<dyn Verify>) -> Self {
        self.verifiers[class as usize] = Some(verifier);
        self
    }

    /// Remembers what the verifier of `class` found good, and does not ask it again about the same text borne
    /// by the same bearer until its keys change. Expiry, revocation, rights and meters are judged each time all
    /// the same.
    ///
    /// For verifiers whose verdict time alone makes worse, and only by the expiry that they tell. What is judged
    /// by what the store knows of it is never remembered.
    #[must_use]
    pub fn remember(mut self, class: Class, limits: VerdictLimits) -> Self {
        self.remembered[class as usize] = Some(limits);
        self
    }

    /// Accepts `classes` on `surface`, beside those already accepted there.
    #[must_use]
    pub fn accept(mut self, surface: Surface, classes: &[Class]) -> Self {
        for class in classes {
            let counter = metrics::counter!("carnet_gate_admissions_total", "class" => class.as_str(),
                "surface" => surface.as_str(), "result" => "admitted", "reason" => "");
            self.accepted[surface as usize][*class as usize] = Some(counter);
        }
        self
    }

    /// Asks `map` for the rights of credentials that carry none of `surface`'s kind.
    #[must_use]
    pub fn rights(mut self, surface: Surface, map: Arc<dyn RightsMap>) -> Self {
        self.rights[surface as usize] = Some(map);
        self
    }

    /// Learns of revocations in this way; unless this is said, in this process.
    #[must_use]
    pub fn freshness(mut self, freshness: Freshness) -> Self {
        self.freshness = freshness;
        self
    }

    /// Judges by this profile what follows when news of revocations stays away; unless this is said, strictly.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Holds at most this much.
    #[must_use]
    pub fn limits(mut self, limits: GateLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The gate.
    pub fn build(self) -> Gate {
        let mut remembered = self.remembered.into_iter();
        let judges = self.verifiers.map(|verifier| {
            let verdicts = remembered.next().flatten().and_then(Verdicts::new);
            verifier.map(|verifier| Judge::new(verifier, verdicts))
        });
        let hearing = Hearing::new(self.freshness, self.profile);
        Gate::of(Inner::new(self.clock, judges, self.accepted, self.rights, hearing, self.limits))
    }
}
