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
        .and_then(|header| header.split_once('='))
        .filter(|(unit, _)| unit.eq_ignore_ascii_case("bytes"))
        .and_then(|(_, range)| range.split_once('-'));
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

/// Digits, at least one. A number that no `u64` holds is past every end.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_past_every_end_are_numbers() {
        for (header, expected) in [
            ("bytes=99999999999999999999-", Ranged::Unsatisfiable),
            ("bytes=5-99999999999999999999", Ranged::Part(5..93)),
            ("bytes=-99999999999999999999", Ranged::Part(0..93)),
            ("bytes=99999999999999999999-5", Ranged::Whole),
        ] {
            assert_eq!(of_header(Some(header), 93), expected, "{header}");
        }
    }

    #[test]
    fn what_is_no_range_of_bytes_is_ignored() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5",
            "bytes=--5",
            "bytes=+1-2",
            "bytes= 1-2",
            "lines=1-2",
        ] {
            assert_eq!(of_header(Some(header), 93), Ranged::Whole, "{header}");
        }
        assert_eq!(of_header(None, 93), Ranged::Whole);
        assert_eq!(of_header(Some("Bytes=1-2"), 93), Ranged::Part(1..3));
    }
}
