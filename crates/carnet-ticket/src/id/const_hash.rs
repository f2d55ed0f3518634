//! BLAKE3 of at most one chunk, and hex, as `const fn`: the `blake3` crate has neither.
//!
//! Source: the BLAKE3 paper, sections 2.1 to 2.4. Only the single-chunk case is written out (1,024
//! bytes): a literal is never longer. A test compares every length with the crate.

const CHUNK_LEN: usize = 1024;
const BLOCK_LEN: usize = 64;
const CHUNK_START: u32 = 1;
const CHUNK_END: u32 = 2;
const ROOT: u32 = 8;

const IV: [u32; 8] = [
    0x6A09_E667,
    0xBB67_AE85,
    0x3C6E_F372,
    0xA54F_F53A,
    0x510E_527F,
    0x9B05_688C,
    0x1F83_D9AB,
    0x5BE0_CD19,
];
const PERMUTATION: [usize; 16] = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];

/// The hash of at most 1,024 bytes; panics on more, which at compile time is an error.
pub(super) const fn hash(input: &[u8]) -> [u8; 32] {
    assert!(input.len() <= CHUNK_LEN, "an id literal is at most 1,024 bytes");
    let blocks = if input.is_empty() { 1 } else { input.len().div_ceil(BLOCK_LEN) };
    let mut chaining = IV;
    let mut index = 0;
    while index < blocks {
        let start = index * BLOCK_LEN;
        let len = if input.len() - start < BLOCK_LEN { input.len() - start } else { BLOCK_LEN };
        let mut flags = 0;
        if index == 0 {
            flags |= CHUNK_START;
        }
        if index == blocks - 1 {
            flags |= CHUNK_END | ROOT;
        }
        chaining = compress(chaining, &words(input, start, len), len, flags);
        index += 1;
    }
    bytes(chaining)
}

/// The bytes of exactly 64 hex digits of either case.
pub(super) const fn hex32(text: &[u8]) -> Option<[u8; 32]> {
    if text.len() != 64 {
        return None;
    }
    let mut out = [0; 32];
    let mut at = 0;
    while at < 32 {
        let (Some(high), Some(low)) = (digit(text[2 * at]), digit(text[2 * at + 1])) else {
            return None;
        };
        out[at] = high << 4 | low;
        at += 1;
    }
    Some(out)
}

const fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        b'A'..=b'F' => Some(character - b'A' + 10),
        _ => None,
    }
}

const fn words(input: &[u8], start: usize, len: usize) -> [u32; 16] {
    let mut words = [0; 16];
    let mut at = 0;
    while at < len {
        words[at / 4] |= (input[start + at] as u32) << (8 * (at % 4));
        at += 1;
    }
    words
}

const fn bytes(words: [u32; 8]) -> [u8; 32] {
    let mut out = [0; 32];
    let mut at = 0;
    while at < 32 {
        out[at] = words[at / 4].to_le_bytes()[at % 4];
        at += 1;
    }
    out
}

const fn compress(chaining: [u32; 8], block: &[u32; 16], block_len: usize, flags: u32) -> [u32; 8] {
    let mut state = [0; 16];
    let mut at = 0;
    while at < 8 {
        state[at] = chaining[at];
        at += 1;
    }
    while at < 12 {
        state[at] = IV[at - 8];
        at += 1;
    }
    // 12 and 13 are the chunk counter, which is 0 for the only chunk.
    #[expect(clippy::cast_possible_truncation, reason = "a block is at most 64 bytes")]
    {
        state[14] = block_len as u32;
    }
    state[15] = flags;

    let mut message = *block;
    let mut round = 0;
    while round < 7 {
        state = mix_round(state, &message);
        message = permute(&message);
        round += 1;
    }
    let mut out = [0; 8];
    let mut at = 0;
    while at < 8 {
        out[at] = state[at] ^ state[at + 8];
        at += 1;
    }
    out
}

const fn mix_round(s: [u32; 16], m: &[u32; 16]) -> [u32; 16] {
    let s = mix(s, [0, 4, 8, 12], m[0], m[1]);
    let s = mix(s, [1, 5, 9, 13], m[2], m[3]);
    let s = mix(s, [2, 6, 10, 14], m[4], m[5]);
    let s = mix(s, [3, 7, 11, 15], m[6], m[7]);
    let s = mix(s, [0, 5, 10, 15], m[8], m[9]);
    let s = mix(s, [1, 6, 11, 12], m[10], m[11]);
    let s = mix(s, [2, 7, 8, 13], m[12], m[13]);
    mix(s, [3, 4, 9, 14], m[14], m[15])
}

const fn mix(mut s: [u32; 16], [a, b, c, d]: [usize; 4], x: u32, y: u32) -> [u32; 16] {
    s[a] = s[a].wrapping_add(s[b]).wrapping_add(x);
    s[d] = (s[d] ^ s[a]).rotate_right(16);
    s[c] = s[c].wrapping_add(s[d]);
    s[b] = (s[b] ^ s[c]).rotate_right(12);
    s[a] = s[a].wrapping_add(s[b]).wrapping_add(y);
    s[d] = (s[d] ^ s[a]).rotate_right(8);
    s[c] = s[c].wrapping_add(s[d]);
    s[b] = (s[b] ^ s[c]).rotate_right(7);
    s
}

const fn permute(message: &[u32; 16]) -> [u32; 16] {
    let mut out = [0; 16];
    let mut at = 0;
    while at < 16 {
        out[at] = message[PERMUTATION[at]];
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: V-1
    #[test]
    fn equals_the_crate_at_every_length() {
        let input: Vec<u8> = (0..CHUNK_LEN).map(|at| u8::try_from(at % 251).unwrap()).collect();
        for len in 0..=CHUNK_LEN {
            assert_eq!(hash(&input[..len]), *blake3::hash(&input[..len]).as_bytes(), "{len} bytes");
        }
    }
}
