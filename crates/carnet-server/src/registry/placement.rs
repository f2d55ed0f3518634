//! Which worker is given a task. Source: worker runtime spec, section 12.
//!
//! One function decides, wherever somebody asks: among the workers that are online and can do what is wanted, those
//! on which it has not failed come first, then the least loaded, then those with the fewest tasks, then the lowest id.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use carnet_ticket::identity::{CapabilityId, Version, WorkerId};

use super::offer::Offer;
use super::seats::{Limits, Seats, Slot};
use super::{Reach, Registry, Worker, WorkerState};

/// The label of workers that have a GPU.
const GPU: (&str, &str) = ("gpu", "true");

/// What a task needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    /// What is to be done.
    pub capability: CapabilityId,
    /// How it is asked for; any way will do when there is none.
    pub verb: Option<String>,
    /// The oldest version that will do, of the same major one.
    pub version: Version,
    /// Labels that the worker has, all of them.
    pub labels: BTreeMap<String, String>,
    /// Whether it needs a GPU.
    pub requires_gpu: bool,
}

/// A worker that is chosen, and a place at it.
#[derive(Debug)]
pub struct Placement {
    /// The worker.
    pub worker_id: WorkerId,
    /// Who it is: a SPIFFE ID, or its id where it has no certificate of the fleet.
    pub identity: String,
    /// Where it is called.
    pub rpc_url: String,
    /// The process that it is.
    pub instance: String,
    /// The place, which it has as long as this lives.
    pub slot: Slot,
}

/// A worker, as far as placement looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its id.
    pub id: &'a WorkerId,
    /// How it counts.
    pub state: WorkerState,
    /// What it can do.
    pub offers: &'a [Offer],
    /// What it is labelled with.
    pub labels: &'a BTreeMap<String, String>,
    /// How busy it says it is.
    pub load_score: f64,
    /// How many tasks it takes.
    pub capacity: u32,
    /// The places at it that are taken.
    pub seats: &'a Arc<Seats>,
}

/// How much a candidate is preferred: the least is the best.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rank<'a> {
    has_failed: bool,
    load_score: f64,
    active: u32,
    id: &'a WorkerId,
}

impl Rank<'_> {
    /// Whether nothing comes before it but what has a lower id.
    fn is_least(&self) -> bool {
        !self.has_failed && self.load_score <= 0.0 && self.active == 0
    }

    fn order(&self, other: &Self) -> std::cmp::Ordering {
        (self.has_failed.cmp(&other.has_failed))
            .then_with(|| self.load_score.total_cmp(&other.load_score))
            .then_with(|| self.active.cmp(&other.active))
            .then_with(|| self.id.cmp(other.id))
    }
}

/// A candidate that will do, and how many may be with it.
#[derive(Debug, Clone, Copy)]
struct Fit<'a> {
    rank: Rank<'a>,
    limits: Limits,
}

impl Want {
    /// The best of these; none when none will do. Those that it `failed_on` are the last resort.
    pub fn best<'a>(
        &self,
        failed_on: &BTreeSet<WorkerId>,
        candidates: impl IntoIterator<Item = Candidate<'a>>,
    ) -> Option<&'a WorkerId> {
        let fits = candidates.into_iter().filter_map(|candidate| self.fit(failed_on, candidate));
        fits.min_by(|a, b| a.rank.order(&b.rank)).map(|fit| fit.rank.id)
    }

    fn fit<'a>(&self, failed_on: &BTreeSet<WorkerId>, candidate: Candidate<'a>) -> Option<Fit<'a>> {
        if candidate.state != WorkerState::Online {
            return None;
        }
        let is_wanted = |offer: &&Offer| {
            offer.capability == self.capability
                && self.verb.as_ref().is_none_or(|verb| *verb == offer.verb)
                && offer.version.serves(self.version)
        };
        let mut wanted = candidate.offers.iter().filter(is_wanted).peekable();
        wanted.peek()?;
        let has = |(name, value): (&String, &String)| candidate.labels.get(name) == Some(value);
        let has_gpu = || {
            candidate.labels.get(GPU.0).is_some_and(|value| value == GPU.1)
                || candidate.offers.iter().any(|offer| offer.requires_gpu)
        };
        if !self.labels.iter().all(has) || self.requires_gpu && !has_gpu() {
            return None;
        }
        let (limits, active) = wanted.find_map(|offer| {
            let limits = Limits { all: candidate.capacity, of_it: offer.max_concurrency };
            Some((limits, candidate.seats.room(&self.capability, limits)?))
        })?;
        let has_failed = failed_on.contains(candidate.id);
        let rank = Rank { has_failed, load_score: candidate.load_score, active, id: candidate.id };
        Some(Fit { rank, limits })
    }
}

impl Worker {
    /// As placement sees it, while it is registered.
    fn candidate(&self, state: WorkerState) -> Option<Candidate<'_>> {
        let said = self.said.as_ref()?;
        Some(Candidate {
            id: &self.row.id,
            state,
            offers: &self.offers,
            labels: &said.labels,
            load_score: self.beat.load_score,
            capacity: self.beat.capacity.or(said.capacity).unwrap_or(u32::MAX),
            seats: &self.seats,
        })
    }

    /// Where tasks are handed to it, and to which process; nothing unless it takes any. Who it is is asked of its
    /// certificate; without one of the fleet, its id has to be what its token names, and itself within `reach`.
    fn callee(&self, reach: Reach) -> Option<(&str, &str)> {
        let said = self.said.as_ref()?;
        let (rpc_url, instance) = (said.rpc_url.as_deref()?, said.instance.as_deref()?);
        let is_its_own = self.row.identity == self.row.id.as_str();
        let is_called = self.is_certified() || is_its_own && reach.has(rpc_url);
        is_called.then_some((rpc_url, instance))
    }
}

impl Registry {
    /// Chooses a worker for a task, and takes a place at it. Not one of those that it was `passed_over` by just now,
    /// nor one that takes no tasks; one that it `failed_on` where there is no other.
    pub fn place(
        &self,
        want: &Want,
        failed_on: &BTreeSet<WorkerId>,
        passed_over: &BTreeSet<WorkerId>,
        lost_after: Duration,
    ) -> Option<Placement> {
        let known = self.known.read();
        loop {
            let asked = known.workers.values().filter(|worker| {
                worker.callee(known.reach).is_some() && !passed_over.contains(&worker.row.id)
            });
            let (worker, fit) = best(self.fits(want, failed_on, asked, lost_after))?;
            // Somebody else may have taken the last place meanwhile: then another is the best.
            let Some(slot) = worker.seats.take(&want.capability, fit.limits) else { continue };
            let (rpc_url, instance) = worker.callee(known.reach)?;
            return Some(Placement {
                worker_id: worker.row.id.clone(),
                identity: worker.row.identity.clone(),
                rpc_url: rpc_url.to_owned(),
                instance: instance.to_owned(),
                slot,
            });
        }
    }

    /// The workers that a task could be given to now, the best first.
    pub fn candidates(
        &self,
        want: &Want,
        failed_on: &BTreeSet<WorkerId>,
        lost_after: Duration,
    ) -> Vec<WorkerId> {
        let known = self.known.read();
        let is_called = |worker: &&Worker| worker.callee(known.reach).is_some();
        let callees = known.workers.values().filter(is_called);
        let mut fits: Vec<_> = self.fits(want, failed_on, callees, lost_after).collect();
        fits.sort_by(|(_, a), (_, b)| a.rank.order(&b.rank));
        fits.into_iter().map(|(worker, _)| worker.row.id.clone()).collect()
    }

    /// The worker that a task would be given to, whether it takes any or not, and where it serves.
    pub(crate) fn route(&self, want: &Want, lost_after: Duration) -> Option<(WorkerId, String)> {
        let known = self.known.read();
        let url = |worker: &Worker| worker.said.as_ref()?.endpoint.clone();
        let served = known.workers.values().filter(|worker| url(worker).is_some());
        let (worker, _) = best(self.fits(want, &BTreeSet::new(), served, lost_after))?;
        Some((worker.row.id.clone(), url(worker)?))
    }

    /// The place of a task that a worker already has, however many it has.
    pub fn occupy(&self, id: &WorkerId, capability: &CapabilityId) -> Option<Slot> {
        self.known.read().workers.get(id)?.seats.take(capability, Limits::NONE)
    }

    /// Those that will do, by their ids.
    fn fits<'a>(
        &self,
        want: &Want,
        failed_on: &BTreeSet<WorkerId>,
        workers: impl Iterator<Item = &'a Worker>,
        lost_after: Duration,
    ) -> impl Iterator<Item = (&'a Worker, Fit<'a>)> {
        let now = self.clock.now();
        workers.filter_map(move |worker| {
            let state = worker.state(now, lost_after);
            Some((worker, want.fit(failed_on, worker.candidate(state)?)?))
        })
    }
}

/// The best of these, which come by their ids: behind an idle one nobody is better.
fn best<'a>(fits: impl Iterator<Item = (&'a Worker, Fit<'a>)>) -> Option<(&'a Worker, Fit<'a>)> {
    let mut best: Option<(&Worker, Fit<'_>)> = None;
    for (worker, fit) in fits {
        if best.as_ref().is_none_or(|(_, known)| fit.rank.order(&known.rank).is_lt()) {
            best = Some((worker, fit));
            if fit.rank.is_least() {
                break;
            }
        }
    }
    best
}
