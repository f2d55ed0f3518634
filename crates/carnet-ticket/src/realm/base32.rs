//! Crockford base32 of 128 bits in 26 characters, most significant bit first.

use std::fmt;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many characters 16 bytes take.
pub(super) const LEN: usize = 26;

/// Where the two bits that 26 characters have over 128 are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spare {
    /// In front, as in a ULID.
    Leading,
    /// At the end, as in a hash.
    Trailing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Length,
    Alphabet,
    SpareBits,
}

/// Reads exactly [`LEN`] characters. `fold` also takes lower case, `I` and `L` for 1, `O` for 0.
pub(super) fn decode(text: &str, spare: Spare, fold: bool) -> Result<u128, Fault> {
    if text.len() != LEN {
        return Err(Fault::Length);
    }
    let mut digits = [0_u8; LEN];
    for (digit, character) in digits.iter_mut().zip(text.bytes()) {
        *digit = value(character, fold).ok_or(Fault::Alphabet)?;
    }
    let (spare_bits, value) = match spare {
        Spare::Leading => (
            digits[0] >> 3,
            digits.iter().fold(0_u128, |value, digit| value << 5 | u128::from(*digit)),
        ),
        Spare::Trailing => {
            let last = digits[LEN - 1];
            let upper = digits[..LEN - 1]
                .iter()
                .fold(0_u128, |value, digit| value << 5 | u128::from(*digit));
            (last & 3, upper << 3 | u128::from(last >> 2))
        }
    };
    if spare_bits == 0 { Ok(value) } else { Err(Fault::SpareBits) }
}

/// Writes [`LEN`] characters.
pub(super) fn show(f: &mut fmt::Formatter<'_>, value: u128, spare: Spare) -> fmt::Result {
    let mut text = [0_u8; LEN];
    for (at, character) in text.iter_mut().enumerate() {
        let digit = match spare {
            Spare::Leading => value >> (5 * (LEN - 1 - at)),
            Spare::Trailing if at == LEN - 1 => value << 2,
            Spare::Trailing => value >> (5 * (LEN - 1 - at) - 2),
        };
        *character = ALPHABET[(digit & 31) as usize];
    }
    f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

/// 240 bits in 48 characters: no bits are to spare.
pub(super) fn encode_240(bytes: &[u8; 30]) -> String {
    let (chunks, _) = bytes.as_chunks::<5>();
    let value =
        |chunk: &[u8; 5]| chunk.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let digits =
        |value: u64| (0..8).rev().map(move |at| ALPHABET[(value >> (5 * at) & 31) as usize]);
    chunks.iter().map(value).flat_map(digits).map(char::from).collect()
}

/// Whether `character` is a digit of the canonical alphabet.
pub(super) fn is_canonical(character: u8) -> bool {
    ALPHABET.contains(&character)
}

fn value(character: u8, fold: bool) -> Option<u8> {
    let character = match character {
        _ if !fold => character,
        b'i' | b'I' | b'l' | b'L' => b'1',
        b'o' | b'O' => b'0',
        other => other.to_ascii_uppercase(),
    };
    let at = ALPHABET.iter().position(|digit| *digit == character)?;
    u8::try_from(at).ok()
}
