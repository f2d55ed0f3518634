//! Turning the CA over without a refused handshake.
//!
//! ```text
//! prepare -> next --activate--> active --(the next is activated)--> retiring --retire--> removed
//! ```
//!
//! A certificate is trusted before the first one under it is issued, and until the last one under it has ended.

use std::time::Duration;

use carnet_ticket::time::Timestamp;

use super::record::{CaRecord, CaState, Member};
use super::{CaKey, CaLoadError, CertificateAuthority, CsrError, InvalidCaKey, Serial, profile};

/// How long a prepared CA waits, at the least, before it is activated by itself.
const SPREAD: Duration = Duration::from_hours(24);

/// Why a CA certificate or a CRL was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CaError {
    /// No CA certificate is active.
    #[error("no CA certificate is active")]
    NoActive,
    /// One is prepared already.
    #[error("a CA certificate is prepared already")]
    AlreadyPrepared,
    /// No key could be made.
    #[error("no key could be made")]
    NoKey(#[from] InvalidCaKey),
    /// The library could not make it.
    #[error("it could not be made")]
    Make(#[from] rcgen::Error),
    /// A request of our own is not as it has to be.
    #[error("a request of our own is not as it has to be")]
    Request(#[source] CsrError),
    /// What was made cannot be read.
    #[error("what was made cannot be read")]
    Unreadable(#[from] CaLoadError),
}

/// Why the next CA was not activated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActivateError {
    /// None is prepared.
    #[error("no CA certificate is prepared")]
    NotPrepared,
    /// Workers would not trust it.
    #[error("{behind} workers have not got the bundle with the next CA certificate")]
    BundleNotSpread {
        /// How many.
        behind: usize,
    },
}

/// Why a CA was not removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RetireError {
    /// There is no such CA.
    #[error("there is no such CA certificate")]
    NotFound,
    /// It signs, or will.
    #[error("the CA certificate is {}, not retiring", .0.as_str())]
    NotRetiring(CaState),
    /// Certificates under it count.
    #[error("certificates under it count until {until}")]
    InUse {
        /// When the last of them ends.
        until: Timestamp,
    },
}

/// What is due by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// [`CertificateAuthority::prepare`].
    Prepare,
    /// [`CertificateAuthority::activate`].
    Activate,
}

impl CertificateAuthority {
    /// Makes a CA certificate: the next one; the active one where it is the first, since nobody has to learn of it.
    pub fn prepare(&mut self, now: Timestamp) -> Result<CaRecord, CaError> {
        if self.in_state(CaState::Next).is_some() {
            return Err(CaError::AlreadyPrepared);
        }
        let key = CaKey::generate(self.settings.curve())?;
        let serial = Serial::generate()?;
        let is_first = self.active().is_none();
        let record = CaRecord {
            certificate: profile::ca(&self.settings, &key, serial, now)?,
            key,
            state: if is_first { CaState::Active } else { CaState::Next },
            sequence: self.bundle.sequence + 1,
            prepared_at: now,
            activated_at: is_first.then_some(now),
            retiring_at: None,
        };
        self.members.push(Member::new(record.clone())?);
        self.changed(record.sequence);
        Ok(record)
    }

    /// Lets the next CA sign from `now` on, and the active one retire. `reported` are the bundle sequences that the
    /// workers that are online have; unless forced, each of them has to know the next CA. Gives both records, the
    /// one that retires first.
    pub fn activate(
        &mut self,
        reported: &[u64],
        is_forced: bool,
        now: Timestamp,
    ) -> Result<Vec<CaRecord>, ActivateError> {
        let next = &self.in_state(CaState::Next).ok_or(ActivateError::NotPrepared)?.record;
        let behind = reported.iter().filter(|sequence| **sequence < next.sequence).count();
        if behind > 0 && !is_forced {
            return Err(ActivateError::BundleNotSpread { behind });
        }
        let sequence = self.bundle.sequence + 1;
        let mut changed = Vec::new();
        for state in [CaState::Active, CaState::Next] {
            for member in self.members.iter_mut().filter(|member| member.record.state == state) {
                let record = &mut member.record;
                record.sequence = sequence;
                if state == CaState::Active {
                    (record.state, record.retiring_at) = (CaState::Retiring, Some(now));
                } else {
                    (record.state, record.activated_at) = (CaState::Active, Some(now));
                }
                changed.push(record.clone());
            }
        }
        self.changed(sequence);
        Ok(changed)
    }

    /// Trusts the retiring CA with this SHA-256 no more. `last_end` is when the last certificate under it ends.
    pub fn retire(
        &mut self,
        sha256: &[u8; 32],
        last_end: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<CaRecord, RetireError> {
        let at = self.members.iter().position(|member| member.sha256 == *sha256);
        let at = at.ok_or(RetireError::NotFound)?;
        let state = self.members[at].record.state;
        if state != CaState::Retiring {
            return Err(RetireError::NotRetiring(state));
        }
        if let Some(until) = last_end.filter(|end| now <= *end) {
            return Err(RetireError::InUse { until });
        }
        let sequence = self.bundle.sequence + 1;
        let removed = self.members.remove(at).record;
        self.changed(sequence);
        Ok(CaRecord { state: CaState::Removed, sequence, ..removed })
    }

    /// What the authority should do by itself: prepare at half of the active certificate's life, activate a day
    /// after that, or once the active one has ended: then nobody trusts it any longer.
    pub fn due(&self, now: Timestamp) -> Option<Due> {
        let Some(active) = self.active() else { return Some(Due::Prepare) };
        let half = active.not_before.after(active.not_after.since(active.not_before) / 2);
        match self.in_state(CaState::Next) {
            None => (half <= now).then_some(Due::Prepare),
            Some(next) => {
                let is_spread = next.record.prepared_at.after(SPREAD) <= now;
                (is_spread || active.not_after < now).then_some(Due::Activate)
            }
        }
    }
}
