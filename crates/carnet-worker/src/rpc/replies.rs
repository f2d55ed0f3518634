//! [`Replies`]: the first answer to each call, for whoever asks again.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use carnet_ticket::rpc::ID_LEN_MAX;
use carnet_ticket::time::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::Fault;

/// For how long an answer is kept, and how many at most.
const KEPT: Duration = Duration::from_mins(10);
const KEPT_MAX: usize = 10_000;

/// The first answer to each call, and those that are still to come.
#[derive(Debug)]
pub struct Replies<T> {
    calls: HashMap<String, Call<T>>,
    order: VecDeque<(Timestamp, String)>,
}

#[derive(Debug)]
struct Call<T> {
    body: [u8; 32],
    at: Timestamp,
    answer: watch::Receiver<Option<T>>,
}

/// What becomes of a call.
#[derive(Debug)]
pub enum Begun<T> {
    /// It is the first: whoever does it sends the answer.
    First(watch::Sender<Option<T>>),
    /// It was begun before: its answer is there, or comes.
    Again(watch::Receiver<Option<T>>),
}

impl<T> Default for Replies<T> {
    fn default() -> Self {
        Self { calls: HashMap::new(), order: VecDeque::new() }
    }
}

impl<T> Replies<T> {
    /// Begins the call with this id, unless one with the same body was begun within 10 minutes. Another body under
    /// the same id is a fault.
    pub fn begin(&mut self, id: &str, body: &[u8], now: Timestamp) -> Result<Begun<T>, Fault> {
        let is_id = (1..=ID_LEN_MAX).contains(&id.len())
            && id.bytes().all(|byte| matches!(byte, b' '..=b'~'))
            && !id.trim().is_empty();
        if !is_id {
            return Err(Fault::InvalidId);
        }
        self.forget(now);
        let body = Sha256::digest(body).into();
        if let Some(call) = self.calls.get(id) {
            let is_same = call.body == body;
            return if is_same {
                Ok(Begun::Again(call.answer.clone()))
            } else {
                Err(Fault::IdConflict)
            };
        }
        let (first, answer) = watch::channel(None);
        self.calls.insert(id.to_owned(), Call { body, at: now, answer });
        self.order.push_back((now, id.to_owned()));
        Ok(Begun::First(first))
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some((at, id)) = self.order.front() {
            if at.after(KEPT) > now && self.order.len() < KEPT_MAX {
                break;
            }
            if self.calls.get(id).is_some_and(|call| call.at == *at) {
                self.calls.remove(id);
            }
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_795_411_200_000);

    #[test]
    fn answers_are_kept_for_ten_minutes_and_ten_thousand_calls() {
        let mut replies = Replies::<()>::default();
        assert!(matches!(replies.begin("first", b"a", START), Ok(Begun::First(_))));
        let late = START.after(Duration::from_secs(599));
        assert!(matches!(replies.begin("first", b"a", late), Ok(Begun::Again(_))));
        assert_eq!(replies.begin("first", b"b", late).err(), Some(Fault::IdConflict));
        let later = START.after(Duration::from_mins(10));
        assert!(matches!(replies.begin("first", b"b", later), Ok(Begun::First(_))));
        for number in 0..KEPT_MAX {
            replies.begin(&number.to_string(), b"", later).unwrap();
        }
        assert_eq!((replies.calls.len(), replies.order.len()), (KEPT_MAX, KEPT_MAX));
        assert!(matches!(replies.begin("first", b"c", later), Ok(Begun::First(_))));
    }

    #[test]
    fn an_id_is_printable() {
        let mut replies = Replies::<()>::default();
        for id in ["", " ", "a\n", "ä", &"a".repeat(ID_LEN_MAX + 1)] {
            assert_eq!(replies.begin(id, b"", START).err(), Some(Fault::InvalidId), "{id:?}");
        }
        assert!(replies.begin(&"a".repeat(ID_LEN_MAX), b"", START).is_ok());
    }
}
