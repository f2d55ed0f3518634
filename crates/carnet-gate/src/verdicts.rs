//! [`Verdicts`]: what a verifier found good, so that it need not look again.
//!
//! Sets of a few verdicts each; the hash of a question says which. So memory is bounded without a list of
//! everything, whoever looks locks a set that hardly anybody else wants, and a flood of good tokens that are
//! never seen again pushes out those that nobody asks for first.

use std::fmt;
use std::sync::Arc;

use carnet_ticket::id::UniqueId;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::{Bearer, Presented, Verified};
use parking_lot::Mutex;

/// How many verdicts a set holds.
const WAYS: usize = 8;

/// How much of one class is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerdictLimits {
    /// Verdicts; none are kept at 0.
    pub entries_max: usize,
    /// Bytes of a text; longer ones are judged anew each time.
    pub text_len_max: usize,
}

impl Default for VerdictLimits {
    fn default() -> Self {
        Self { entries_max: 16_384, text_len_max: 4_096 }
    }
}

/// The verdicts of one verifier. `Debug` shows how many there are.
pub(crate) struct Verdicts {
    sets: Box<[Mutex<Vec<Verdict>>]>,
    ways: usize,
    text_len_max: usize,
}

/// Everything that a verdict is about, hashed: the whole text, and who bears it. It names a secret and is none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Question(UniqueId);

struct Verdict {
    question: Question,
    generation: u64,
    judged_at: Timestamp,
    verified: Arc<Verified>,
}

impl Verdicts {
    /// Room for verdicts; `None` where there is to be none.
    pub(crate) fn new(limits: VerdictLimits) -> Option<Self> {
        let ways = WAYS.min(limits.entries_max);
        let sets = limits.entries_max.checked_div(ways)?;
        let sets = std::iter::repeat_with(Mutex::default).take(sets).collect();
        Some(Self { sets, ways, text_len_max: limits.text_len_max })
    }

    /// What is asked about `presented`; `None` when that is not to be remembered.
    pub(crate) fn question(&self, presented: &Presented<'_>) -> Option<Question> {
        let text = presented.data.filter(|text| text.len() <= self.text_len_max)?;
        Some(Question::of(text, presented.bearer))
    }

    /// What was found good, if keys are still those of `generation` and its time is not over at `now`.
    pub(crate) fn find(
        &self,
        question: &Question,
        generation: u64,
        now: Timestamp,
    ) -> Option<Arc<Verified>> {
        let mut set = self.set(question).lock();
        let place = set.iter().position(|verdict| verdict.question == *question)?;
        if !set[place].stands(generation, now) {
            return None;
        }
        // The first in a set is the last that goes.
        set[..=place].rotate_right(1);
        Some(Arc::clone(&set[0].verified))
    }

    /// Remembers what was found good by the keys of `generation` at `now`.
    pub(crate) fn keep(
        &self,
        question: Question,
        generation: u64,
        now: Timestamp,
        verified: &Arc<Verified>,
    ) {
        let verified = Arc::clone(verified);
        let verdict = Verdict { question, generation, judged_at: now, verified };
        let mut set = self.set(&question).lock();
        set.retain(|other| other.question != question);
        set.truncate(self.ways - 1);
        set.insert(0, verdict);
    }

    fn set(&self, question: &Question) -> &Mutex<Vec<Verdict>> {
        let [a, b, c, d, ..] = *question.0.as_bytes();
        &self.sets[u32::from_le_bytes([a, b, c, d]) as usize % self.sets.len()]
    }
}

impl fmt::Debug for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.sets.iter().map(|set| set.lock().len()).sum::<usize>();
        f.debug_struct("Verdicts").field("entries", &entries).finish_non_exhaustive()
    }
}

impl Question {
    fn of(text: &[u8], bearer: Bearer<'_>) -> Self {
        // Named one by one, so that no field that a bearer may get is forgotten here.
        let Bearer { subject, role, audience } = bearer;
        let fields = [subject, role, audience];
        // Lengths first, so that no two questions are the same bytes. Nothing is as long as what is not there.
        let mut lens = [[u8::MAX; 8]; 4];
        lens[0] = (text.len() as u64).to_le_bytes();
        for (len, field) in lens[1..].iter_mut().zip(fields) {
            *len = field.map_or(u64::MAX, |field| field.len() as u64).to_le_bytes();
        }
        let [subject, role, audience] = fields.map(|field| field.unwrap_or_default().as_bytes());
        Self(UniqueId::from_parts(&[lens.as_flattened(), text, subject, role, audience]))
    }
}

impl Verdict {
    /// Judging anew would say the same. A clock that was set back may make something not valid yet.
    fn stands(&self, generation: u64, now: Timestamp) -> bool {
        self.generation == generation
            && self.judged_at <= now
            && !self.verified.expires.is_expired_at(now)
    }
}

#[cfg(test)]
mod tests {
    use carnet_ticket::time::Expiration;
    use carnet_ticket::verify::{Class, Limits};

    use super::*;

    fn verified() -> Verified {
        Verified {
            class: Class::Jwt,
            content_id: UniqueId::zero(),
            subject: None,
            token_id: None,
            key_id: None,
            issued_at: None,
            expires: Expiration::Never,
            rights: None,
            limits: Limits::none(),
            certificate: None,
            ancestors: Vec::new(),
            claims: serde_json::Map::new(),
        }
    }

    #[test]
    fn no_two_questions_are_the_same() {
        let bearer = |subject, role, audience| Bearer { subject, role, audience };
        let questions = [
            Question::of(b"text", Bearer::nobody()),
            Question::of(b"tex", bearer(Some("t"), None, None)),
            Question::of(b"text", bearer(Some(""), None, None)),
            Question::of(b"text", bearer(None, Some(""), None)),
            Question::of(b"text", bearer(None, None, Some(""))),
            Question::of(b"text", bearer(Some("ab"), Some("c"), None)),
            Question::of(b"text", bearer(Some("a"), Some("bc"), None)),
            Question::of(b"text", bearer(Some("a"), None, Some("bc"))),
        ];
        for (place, question) in questions.iter().enumerate() {
            assert!(!questions[..place].contains(question), "question {place}");
        }
    }

    #[test]
    fn there_are_never_more_than_the_limit_and_who_is_asked_for_stays() {
        for entries_max in [1, 7, 8, 9, 100] {
            let limits = VerdictLimits { entries_max, text_len_max: 8 };
            let verdicts = Verdicts::new(limits).unwrap();
            let question =
                |number: u32| verdicts.question(&Presented::text(&number.to_string())).unwrap();
            let verified = Arc::new(verified());
            for number in 0..1_000 {
                verdicts.keep(question(number), 0, Timestamp(0), &verified);
            }
            let kept = |number: &u32| verdicts.find(&question(*number), 0, Timestamp(0)).is_some();
            let count = (0..1_000).filter(kept).count();
            assert!((1..=entries_max).contains(&count), "{count} of {entries_max}");
            assert_eq!(Arc::strong_count(&verified), 1 + count, "what is gone is gone");
            assert!(kept(&999), "the newest is kept");
        }
        assert!(Verdicts::new(VerdictLimits { entries_max: 0, text_len_max: 8 }).is_none());
    }
}
