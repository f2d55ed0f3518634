//! Whether bytes are DER, and not merely BER: the parser that reads them afterwards does not ask.

/// How deep values may contain values; a signing request has 9 levels.
const DEPTH_MAX: usize = 16;

const SEQUENCE: u8 = 0x10;
const SET: u8 = 0x11;
const BIT_STRING: u8 = 0x03;
const NULL: u8 = 0x05;
const OID: u8 = 0x06;

/// A sequence as a value begins with it.
const LIST: u8 = 0x20 | SEQUENCE;

/// Whether `bytes` are one value in DER (X.690, sections 10 and 11): lengths definite and minimal, strings in one
/// piece, booleans 0 or 255, integers and object identifiers minimal, spare bits zero, sets in order. Defaults that
/// are written out pass: which those are, only the schema knows.
pub(super) fn is_strict(bytes: &[u8]) -> bool {
    value(bytes, 0).is_some_and(<[u8]>::is_empty)
}

/// Whether `bytes`, which are DER, are signed as requests and certificates are: a list, the algorithm, a bit string.
/// The parser takes other tags for these, and no signature covers them.
pub(super) fn is_signed(bytes: &[u8]) -> bool {
    let parts = list(bytes);
    let [[LIST, ..], algorithm, [BIT_STRING, ..]] = parts[..] else { return false };
    matches!(list(algorithm)[..], [[OID, ..]] | [[OID, ..], [NULL | LIST, ..]])
}

/// The values in a list that is DER; none, where it is no list.
fn list(bytes: &[u8]) -> Vec<&[u8]> {
    let content = match bytes {
        [LIST, rest @ ..] => length(rest).map(|(_, content)| content),
        _ => None,
    };
    let mut rest = content.unwrap_or_default();
    let mut values = Vec::new();
    while let Some(next) = value(rest, 0) {
        values.push(&rest[..rest.len() - next.len()]);
        rest = next;
    }
    values
}

/// What follows the value that `bytes` begin with; `None` when that is not DER.
fn value(bytes: &[u8], depth: usize) -> Option<&[u8]> {
    let (tag, rest) = bytes.split_first()?;
    let (len, rest) = length(rest)?;
    let (content, rest) = rest.split_at_checked(len)?;
    let is_constructed = tag & 0x20 != 0;
    let is_universal = tag & 0xc0 == 0;
    let is_high_tag = tag & 0x1f == 0x1f;
    let is_list = matches!(tag & 0x1f, SEQUENCE | SET);
    if depth == DEPTH_MAX || is_high_tag || is_universal && is_constructed != is_list {
        return None;
    }
    let is_good = if is_constructed {
        values(content, is_universal && tag & 0x1f == SET, depth)
    } else {
        !is_universal || is_primitive(*tag, content)
    };
    is_good.then_some(rest)
}

fn values(mut content: &[u8], is_set: bool, depth: usize) -> bool {
    let mut last: &[u8] = &[];
    while !content.is_empty() {
        let Some(rest) = value(content, depth + 1) else { return false };
        let this = &content[..content.len() - rest.len()];
        if is_set && this < last {
            return false;
        }
        (last, content) = (this, rest);
    }
    true
}

/// A length below 65,536, and what follows it.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match *bytes {
        [len @ 0..=0x7f, ref rest @ ..] | [0x81, len @ 0x80..=0xff, ref rest @ ..] => {
            Some((len.into(), rest))
        }
        [0x82, high @ 1..=0xff, low, ref rest @ ..] => {
            Some((usize::from(high) << 8 | usize::from(low), rest))
        }
        _ => None,
    }
}

fn is_primitive(tag: u8, content: &[u8]) -> bool {
    match tag {
        // Boolean, integer or enumerated, bit string, null, object identifier.
        0x01 => matches!(content, [0 | 0xff]),
        0x02 | 0x0a => match content {
            [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => false,
            [_, ..] => true,
        },
        BIT_STRING => match content {
            [0] => true,
            [spare @ 0..=7, .., last] => u32::from(*spare) <= last.trailing_zeros(),
            _ => false,
        },
        NULL => content.is_empty(),
        OID => is_oid(content),
        0x00 => false,
        _ => true,
    }
}

/// Whether each number ends, and begins with no zero.
fn is_oid(content: &[u8]) -> bool {
    let mut is_start = true;
    for byte in content {
        if is_start && *byte == 0x80 {
            return false;
        }
        is_start = byte & 0x80 == 0;
    }
    is_start && !content.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_are(strict: bool, values: &str) {
        for value in values.split_whitespace() {
            assert_eq!(is_strict(&hex::decode(value).unwrap()), strict, "{value}");
        }
    }

    #[test]
    fn der_is_taken() {
        all_are(true, "3000 0500 0101ff 010100 020100 02020080 0201ff 0202ff7f 0a0101");
        all_are(true, "030100 03020780 03020000 06032a8648 3006020101020100 3106020100020101");
        all_are(true, "a003020101 800201ff 0400 8000 a000");
        let octets = |head: &[u8], len| is_strict(&[head, &vec![7; len]].concat());
        assert!(octets(&[4, 0x7f], 127) && octets(&[4, 0x81, 0x80], 128));
        assert!(octets(&[4, 0x82, 1, 0], 256) && octets(&[4, 0x82, 0xff, 0xff], 0xffff));
    }

    #[test]
    fn what_is_only_ber_is_not() {
        // Cut off, too long, or with something behind it.
        all_are(false, "30 3001 300000 050100 3003020100ff");
        // Lengths that are not minimal, or not definite.
        all_are(false, "30800000 048100 04817f00 0482000100 048300000100");
        // Values that could be written in another way.
        all_are(false, "010101 0102ffff 0200 02020001 0202ff80 0300 03020801 03020701 0301ff");
        all_are(false, "0600 06022a86 0602802a 3106020101020100");
        // Strings in pieces, lists in one, tags that do not fit.
        all_are(false, "2403040100 1000 1100 1f0100 0000");
        let deep = |levels: usize| {
            (0..levels).fold(Vec::new(), |inner: Vec<u8>, _| {
                [&[LIST, u8::try_from(inner.len()).unwrap()], &inner[..]].concat()
            })
        };
        assert!(is_strict(&deep(DEPTH_MAX)) && !is_strict(&deep(DEPTH_MAX + 1)));
    }
}
