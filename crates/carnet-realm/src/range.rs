//! Byte ranges of a node. Source: realm spec, section 5; RFC 9110, section 14.

use std::ops::Range;

/// What a `Range` header asks of something of a known length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ranged {
    /// All of it: no range, several, another unit, or one that does not parse.
    Whole,
    /// These bytes of it: 206.
    Part(Range<u64>),
    /// Bytes that it does not have: 416.
    Unsatisfiable,
}

/// What `header` asks of `len` bytes.
pub fn of_header(header: Option<&str>, len: u64) -> Ranged {
    let range = header
        .and_then(|header| header.strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'));
    let Some((first, last)) = range else { return Ranged::Whole };
    match (number(first), number(last)) {
        _ if first.is_empty() && last.is_empty() => Ranged::Whole,
        (_, Some(suffix)) if first.is_empty() => match suffix {
            0 => Ranged::Unsatisfiable,
            _ if len == 0 => Ranged::Unsatisfiable,
            suffix => Ranged::Part(len.saturating_sub(suffix)..len),
        },
        (Some(first), _) if last.is_empty() => from(first, u64::MAX, len),
        (Some(first), Some(last)) if first <= last => from(first, last, len),
        _ => Ranged::Whole,
    }
}

fn from(first: u64, last: u64, len: u64) -> Ranged {
    if first >= len {
        Ranged::Unsatisfiable
    } else {
        Ranged::Part(first..last.saturating_add(1).min(len))
    }
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
