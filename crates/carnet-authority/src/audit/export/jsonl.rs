//! JSONL: a line is the canonical text with two more members at its end, `prev_hash` and `hash`.

use super::super::canonical::CANONICAL_LEN_MAX;
use super::super::chain::{ChainHash, Chained};
use super::super::verify::Row;

const PREV_HASH: &str = r#","prev_hash":""#;
const HASH: &str = r#"","hash":""#;
const END: &str = r#""}"#;
const HEX_LEN: usize = 64;

/// How much longer a line is than its canonical text without its last brace.
const TAIL_LEN: usize = PREV_HASH.len() + HEX_LEN + HASH.len() + HEX_LEN + END.len();

/// The most bytes of a line, without its end.
const LINE_LEN_MAX: usize = CANONICAL_LEN_MAX + TAIL_LEN;

/// A line is not one that an export writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a line of an audit export")]
pub struct BadLine;

impl Chained {
    /// The line of an export, with its end.
    pub fn to_line(&self) -> String {
        let members = self.canonical.strip_suffix('}').unwrap_or(&self.canonical);
        format!("{members}{PREV_HASH}{}{HASH}{}{END}\n", self.prev_hash, self.hash)
    }
}

/// Reads lines from bytes that are fed in pieces of any size. Keeps one line, of which it keeps no more than the
/// longest one there is.
#[derive(Debug, Default)]
pub struct Lines {
    line: Vec<u8>,
}

impl Lines {
    /// Takes a piece and hands every line that ends in it to `take`.
    pub fn feed(&mut self, piece: &[u8], mut take: impl FnMut(Result<Row<'_>, BadLine>)) {
        let mut rest = piece;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.keep(&rest[..end]);
            take(read(&mut self.line));
            self.line.clear();
            rest = &rest[end + 1..];
        }
        self.keep(rest);
    }

    /// Hands on what follows the last end of a line, if anything does.
    pub fn finish(mut self, mut take: impl FnMut(Result<Row<'_>, BadLine>)) {
        if !self.line.is_empty() {
            take(read(&mut self.line));
        }
    }

    /// One byte more than a line may have is enough to tell that it is too long.
    fn keep(&mut self, bytes: &[u8]) {
        let room = (LINE_LEN_MAX + 1).saturating_sub(self.line.len());
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// Reads a line in its place: where its tail was, the canonical text gets its brace back.
fn read(line: &mut Vec<u8>) -> Result<Row<'_>, BadLine> {
    if line.len() > LINE_LEN_MAX {
        return Err(BadLine);
    }
    let cut = line.len().checked_sub(TAIL_LEN).ok_or(BadLine)?;
    let (prev_hash, hash) =
        line.get(cut..).and_then(|tail| read_tail(str::from_utf8(tail).ok()?)).ok_or(BadLine)?;
    line.truncate(cut);
    line.push(b'}');
    let canonical = str::from_utf8(line).map_err(|_| BadLine)?;
    Ok(Row { canonical, prev_hash, hash, columns: None })
}

fn read_tail(tail: &str) -> Option<(ChainHash, ChainHash)> {
    let (prev_hash, rest) = tail.strip_prefix(PREV_HASH)?.split_at_checked(HEX_LEN)?;
    let hash = rest.strip_prefix(HASH)?.strip_suffix(END)?;
    Some((ChainHash::from_hex(prev_hash).ok()?, ChainHash::from_hex(hash).ok()?))
}
