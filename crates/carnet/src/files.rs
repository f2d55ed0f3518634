//! Key files: bounded, and never shown.

use std::io::Read;
use std::path::Path;

use secrecy::SecretString;
use secrecy::zeroize::Zeroize;

use crate::failure::Failure;

/// The longest file with one key.
const KEY_LEN_MAX: u64 = 64 << 10;

/// The longest file with a set of public keys.
const SET_LEN_MAX: u64 = 1 << 20;

/// A key's text, without the blanks around it.
pub fn key(path: &Path) -> Result<SecretString, Failure> {
    let mut text = read(path, KEY_LEN_MAX)?;
    let key = SecretString::from(text.trim());
    text.zeroize();
    Ok(key)
}

/// The text of a set of public keys.
pub fn key_set(path: &Path) -> Result<String, Failure> {
    read(path, SET_LEN_MAX)
}

/// The text of a signing request; - is stdin.
pub fn request(path: &Path) -> Result<String, Failure> {
    if path == Path::new("-") {
        let mut text = String::new();
        let read = std::io::stdin().take(KEY_LEN_MAX).read_to_string(&mut text);
        return read.map(|_| text).map_err(|error| unusable(path, error));
    }
    read(path, KEY_LEN_MAX)
}

/// A file that cannot be used: which, and why.
pub fn unusable(path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::CouldNotRun(format!("{}: {why}", path.display()))
}

fn read(path: &Path, len_max: u64) -> Result<String, Failure> {
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(len_max + 1).read_to_string(&mut text))
        .map_err(|error| unusable(path, error))?;
    if text.len() as u64 > len_max {
        return Err(unusable(path, format_args!("the file has more than {len_max} bytes")));
    }
    if text.trim().is_empty() {
        return Err(unusable(path, "the file is empty"));
    }
    Ok(text)
}
