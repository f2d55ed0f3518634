//! [`Receiver`]: puts in force what a feed tells. Source: control plane spec, section 4.

use carnet_ticket::ed25519::VerifyingKey;
use carnet_ticket::revocation_feed::{Message, MessageError, News, verify};
use parking_lot::Mutex;

use super::{Applied, Delta, FeedError};
use crate::gate::Gate;

/// How far ahead of this clock the issuer's may be.
const AHEAD_S_MAX: i64 = 60;

/// Hears one feed for one gate. What is bad changes nothing and is counted.
#[derive(Debug)]
pub struct Receiver {
    gate: Gate,
    heard: Mutex<Heard>,
}

#[derive(Debug)]
struct Heard {
    /// Whose feed it is, once that is known.
    issuer: Option<String>,
    /// When the last message that was accepted was made.
    at_s: i64,
}

impl Receiver {
    /// Hears `issuer` for `gate`; without one, whoever's message is accepted first.
    pub fn new(gate: Gate, issuer: Option<String>) -> Self {
        Self { gate, heard: Mutex::new(Heard { issuer, at_s: i64::MIN }) }
    }

    /// The gate.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Puts a message in force that one of `keys` has signed: what it ends has ended before this returns. After a
    /// [`FeedError::Gap`] the snapshot tells what is missing.
    pub fn receive(&self, text: &str, keys: &[VerifyingKey]) -> Result<Applied, FeedError> {
        let received = verify(text, keys)
            .map_err(FeedError::from)
            .and_then(|message| self.put_in_force(message.into_message()));
        if let Err(error) = &received {
            metrics::counter!("carnet_revocation_feed_errors_total", "error" => error.code())
                .increment(1);
        }
        received
    }

    fn put_in_force(&self, message: Message) -> Result<Applied, FeedError> {
        let mut heard = self.heard.lock();
        heard.judge(&message, self.gate.clock().now().unix_s())?;
        let own = self.gate.revocations().seq();
        let found = message.seq;
        let applied = match message.news {
            News::Snapshot(_) | News::Alive if found < own => {
                return Err(FeedError::Rollback { own, found });
            }
            News::Snapshot(entries) => self.gate.replace(found, &entries),
            News::Delta { from_seq, .. } if from_seq != own + 1 => {
                return Err(FeedError::Gap { expected: own + 1, found: from_seq });
            }
            News::Delta { from_seq, entries } => {
                self.gate.apply(&Delta { from_seq, seq: found, entries })?
            }
            News::Alive if found > own => {
                return Err(FeedError::Gap { expected: own + 1, found: found + 1 });
            }
            News::Alive => Applied { seq: own, ended: 0 },
        };
        self.gate.hear();
        heard.at_s = message.at_s;
        heard.issuer.get_or_insert(message.iss);
        Ok(applied)
    }
}

impl Heard {
    /// Whether a message is of this feed, and of its time.
    fn judge(&self, message: &Message, now_s: i64) -> Result<(), FeedError> {
        if self.issuer.as_ref().is_some_and(|issuer| *issuer != message.iss) {
            return Err(MessageError::IssuerMismatch.into());
        }
        let ahead_s = message.at_s.saturating_sub(now_s);
        if ahead_s > AHEAD_S_MAX {
            return Err(FeedError::Future { ahead_s });
        }
        if message.at_s < self.at_s {
            return Err(FeedError::Replayed { behind_s: self.at_s.saturating_sub(message.at_s) });
        }
        Ok(())
    }
}
