//! PEM (RFC 7468), as it is written and, stricter than most readers, read.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;

const LINE_LEN: usize = 64;

/// A certificate in DER as PEM.
pub fn certificate_pem(der: &[u8]) -> String {
    encode("CERTIFICATE", der)
}

/// The text of a block.
pub(super) fn encode(label: &str, der: &[u8]) -> String {
    let digits = BASE64.encode(der);
    let mut lines = String::with_capacity(digits.len() + digits.len() / LINE_LEN + 1);
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(LINE_LEN));
        lines.push_str(line);
        lines.push('\n');
        rest = next;
    }
    format!("-----BEGIN {label}-----\n{lines}-----END {label}-----\n")
}

/// The bytes in a text that is one block and nothing else but white space.
pub(super) fn decode(label: &str, text: &str) -> Option<Vec<u8>> {
    let inner = text.trim_ascii().strip_prefix(&format!("-----BEGIN {label}-----"))?;
    let inner = inner.strip_suffix(&format!("-----END {label}-----"))?;
    let digits: Vec<u8> = inner.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(digits).ok()
}
