//! What fuzz targets share.
//!
//! A target takes bytes and asserts what has to hold for every input. Where a signature stands before what is to
//! be reached, the target signs its input by itself: a fuzzer finds no MAC.

use std::path::PathBuf;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carnet_ticket::time::Timestamp;

/// The secret of everything that is signed here; no vector knows it.
pub const SECRET: &str = "a-secret-of-fuzz-targets-of-over-32-bytes";

/// When everything is judged: within the life of most vectors.
pub const NOW: Timestamp = Timestamp::from_unix_s(1_778_320_860);

/// `prefix`, the payload, a dot, and HMAC-SHA256 over all before it, as worker tokens and tokens of JWT have them.
pub fn signed(prefix: &str, payload: &[u8]) -> String {
    let mut text = format!("{prefix}.{}", URL_SAFE_NO_PAD.encode(payload));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
    let mac = aws_lc_rs::hmac::sign(&key, text.as_bytes());
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(mac, &mut text);
    text
}

/// The same text with the last character of its signature changed.
pub fn forged(text: &str) -> String {
    // Of the last character the two lowest bits mean nothing: these differ in others.
    let last = if text.ends_with('A') { 'g' } else { 'A' };
    let kept = text.len() - text.chars().next_back().map_or(0, char::len_utf8);
    format!("{}{last}", &text[..kept])
}

/// A file of this name with these bytes, in a folder of this process.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().expect("a temporary folder"));
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("the file is written");
    path
}
