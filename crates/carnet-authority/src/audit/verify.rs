//! [`Verifier`]: takes a chain row by row, in memory that does not grow with it, and finds the first fault.

use std::collections::BTreeMap;

use carnet_ticket::ed25519::VerifyingKey;
use serde::Serialize;

use super::chain::ChainHash;
use super::checkpoint::SignedCheckpoint;
use super::columns::Columns;
use super::export::BadLine;

/// A row as it is stored or exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'a> {
    /// The canonical text.
    pub canonical: &'a str,
    /// The hash before it.
    pub prev_hash: ChainHash,
    /// Its hash.
    pub hash: ChainHash,
    /// What a store keeps beside the text; a line of an export keeps nothing.
    pub columns: Option<Columns<'a>>,
}

/// What the rows are meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// A whole chain: from number 1, or from the event after a checkpoint.
    Whole,
    /// A stretch of a chain, as an export of some time: from anywhere, then without gaps.
    Stretch,
    /// Some rows of a chain, as an export of a tenant: in order, each hashed behind the hash that it names. Whether
    /// that one is the chain's, and what is missing, only the whole chain can tell.
    Excerpt,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The row is not what its hash says, does not read, or does not follow from the row before.
    HashMismatch,
    /// Rows are missing.
    Gap,
    /// Another row stands here, and this one elsewhere.
    Reordered,
    /// The rows end before a checkpoint does.
    Truncated,
    /// A checkpoint says another hash, or stands at another number.
    CheckpointMismatch,
    /// A checkpoint does not read, or no known key has signed it.
    BadSignature,
}

/// The first fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FirstFault {
    /// The first number at which something else is than was written there; of a checkpoint, its own.
    pub seq: u64,
    /// What is wrong there.
    pub fault: Fault,
}

/// Whether a chain holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It holds.
    Ok,
    /// It does not.
    Broken,
}

/// What became of a verification: the JSON of `audit verify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether the chain holds.
    pub status: Status,
    /// How many rows were read.
    pub rows: u64,
    /// The number of the first; 0 when there is none.
    pub from_seq: u64,
    /// The number of the last; 0 when there is none.
    pub to_seq: u64,
    /// How many checkpoints hold.
    pub checkpoints: u64,
    /// How many rows are not chained yet.
    pub unchained: u64,
    /// The first fault, if there is one.
    pub first_fault: Option<FirstFault>,
}

/// Takes a chain row by row. A checkpoint is handed in before its row, or not much later: one whose row is past
/// says nothing any more.
#[derive(Debug)]
pub struct Verifier {
    extent: Extent,
    keys: Vec<VerifyingKey>,
    /// Checkpoints ahead, by their number: the hash they say, or what is wrong with them.
    ahead: BTreeMap<u64, Vec<Result<ChainHash, Fault>>>,
    /// The last number that was there, and its hash; none before the first row.
    last: Option<(u64, ChainHash)>,
    /// The row that should stand where the fault is: once it turns up, the rows are reordered.
    missing: Option<(u64, ChainHash)>,
    buffer: Vec<u8>,
    report: Report,
}

impl Verifier {
    /// A verifier of rows that are meant to be `extent`; checkpoints are to be signed by one of `keys`.
    pub fn new(extent: Extent, keys: Vec<VerifyingKey>) -> Self {
        let report = Report {
            status: Status::Ok,
            rows: 0,
            from_seq: 0,
            to_seq: 0,
            checkpoints: 0,
            unchained: 0,
            first_fault: None,
        };
        Self {
            extent,
            keys,
            ahead: BTreeMap::new(),
            last: None,
            missing: None,
            buffer: Vec::new(),
            report,
        }
    }

    /// Takes a checkpoint: a compact JWS, and the number under which a store keeps it.
    pub fn checkpoint(&mut self, stored_seq: Option<u64>, text: &str) {
        let signed = SignedCheckpoint::parse(text).ok();
        let claimed_seq = signed.as_ref().map(|signed| signed.claimed().seq);
        let seq = stored_seq.or(claimed_seq).unwrap_or(0);
        let says = match signed.as_ref().and_then(|signed| signed.verify(&self.keys).ok()) {
            None => Err(Fault::BadSignature),
            Some(checkpoint) if checkpoint.seq != seq => Err(Fault::CheckpointMismatch),
            Some(checkpoint) => Ok(checkpoint.hash),
        };
        match self.last {
            Some((last, chain)) if seq == last => self.meet(seq, says, chain),
            Some((last, _)) if seq < last && says.is_ok() => {}
            _ => self.ahead.entry(seq).or_default().push(says),
        }
    }

    /// Takes the next row.
    pub fn row(&mut self, row: &Row<'_>) {
        let derived = Columns::of(row.canonical);
        let seq_of = |columns: &Columns<'_>| u64::try_from(columns.seq).ok();
        let own_seq = derived.as_ref().and_then(seq_of);
        let Some(seq) = row.columns.as_ref().or(derived.as_ref()).and_then(seq_of) else {
            return self.unreadable();
        };
        self.report.rows += 1;
        if self.report.from_seq == 0 {
            self.report.from_seq = seq;
        }
        self.report.to_seq = seq;
        if self.report.first_fault.is_some() {
            return self.seek_missing(row, own_seq);
        }
        let Some(prev) = self.hash_before(seq, row) else { return };
        let is_as_derived = row.columns.is_none() || row.columns == derived;
        if !is_as_derived
            || row.prev_hash != prev
            || prev.then_in(row.canonical, &mut self.buffer) != row.hash
        {
            self.missing = (own_seq != Some(seq)).then_some((seq, prev));
            return self.fail(seq, Fault::HashMismatch);
        }
        self.last = Some((seq, row.hash));
        self.meet_those_up_to(seq, row.hash);
    }

    /// Takes the next line of an export.
    pub fn line(&mut self, line: Result<Row<'_>, BadLine>) {
        match line {
            Ok(row) => self.row(&row),
            Err(BadLine) => self.unreadable(),
        }
    }

    /// Takes a row that could not be read.
    pub fn unreadable(&mut self) {
        self.report.rows += 1;
        self.fail(self.last.map_or(1, |(last, _)| last + 1), Fault::HashMismatch);
    }

    /// What is known when all rows were taken.
    pub fn report(&self) -> Report {
        let end = self.last.map_or(0, |(last, _)| last);
        let left = |(seq, says): (&u64, &Vec<Result<ChainHash, Fault>>)| {
            let fault = says.iter().find_map(|says| says.err());
            let fault = fault.map(|fault| FirstFault { seq: *seq, fault });
            let is_truncated = *seq > end && self.extent == Extent::Whole;
            let truncated = FirstFault { seq: end + 1, fault: Fault::Truncated };
            fault.or(is_truncated.then_some(truncated))
        };
        let first_fault = self.report.first_fault.or_else(|| self.ahead.iter().find_map(left));
        let status = if first_fault.is_some() { Status::Broken } else { Status::Ok };
        Report { status, first_fault, ..self.report }
    }

    /// The hash that stands before number `seq`; none, and a fault, when that number is not the next one.
    fn hash_before(&mut self, seq: u64, row: &Row<'_>) -> Option<ChainHash> {
        let Some((last, hash)) = self.last else { return self.hash_before_first(seq, row) };
        if seq == last + 1 {
            return Some(hash);
        }
        if seq > last && self.extent == Extent::Excerpt {
            return Some(row.prev_hash);
        }
        self.missing = Some((last + 1, hash));
        self.fail(last + 1, if seq > last { Fault::Gap } else { Fault::Reordered });
        None
    }

    fn hash_before_first(&mut self, seq: u64, row: &Row<'_>) -> Option<ChainHash> {
        let before = seq.checked_sub(1);
        let anchor = before.and_then(|before| self.ahead.get(&before)?.iter().flatten().next());
        match (before, anchor.copied(), self.extent) {
            (Some(0), _, _) => Some(ChainHash::ZERO),
            (Some(before), Some(anchor), _) => {
                self.last = Some((before, anchor));
                self.meet_those_up_to(before, anchor);
                self.report.first_fault.is_none().then_some(anchor)
            }
            (Some(_), None, Extent::Stretch | Extent::Excerpt) => Some(row.prev_hash),
            _ => {
                self.missing = Some((1, ChainHash::ZERO));
                self.fail(1, Fault::Gap);
                None
            }
        }
    }

    /// Compares the checkpoints up to `seq`, where the chain has this hash. One that stands before the first row,
    /// or between those of an excerpt, has nothing to be compared with.
    fn meet_those_up_to(&mut self, seq: u64, chain: ChainHash) {
        while let Some(first) = self.ahead.first_entry().filter(|first| *first.key() <= seq) {
            let (at, all) = first.remove_entry();
            for says in all.into_iter().filter(|says| at == seq || says.is_err()) {
                self.meet(at, says, chain);
            }
        }
    }

    fn meet(&mut self, seq: u64, says: Result<ChainHash, Fault>, chain: ChainHash) {
        match says {
            Err(fault) => self.fail(seq, fault),
            Ok(hash) if hash != chain => self.fail(seq, Fault::CheckpointMismatch),
            Ok(_) => self.report.checkpoints += 1,
        }
    }

    /// After a gap, or a row with another's number: tells one that is lost from one that stands elsewhere.
    fn seek_missing(&mut self, row: &Row<'_>, own_seq: Option<u64>) {
        let Some((seq, prev)) = self.missing else { return };
        if own_seq == Some(seq)
            && prev.then(row.canonical) == row.hash
            && let Some(first) = &mut self.report.first_fault
        {
            first.fault = Fault::Reordered;
            self.missing = None;
        }
    }

    fn fail(&mut self, seq: u64, fault: Fault) {
        self.report.first_fault.get_or_insert(FirstFault { seq, fault });
    }
}
