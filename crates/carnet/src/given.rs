//! What a command is given to look at: as an argument, or as one line on stdin.

use std::io::{BufRead, Read};

use crate::failure::Failure;

/// The longest line that is read: the longest token there is, a JWT, and some more, so that one that is too long is
/// seen to be.
const LINE_MAX: u64 = (carnet_ticket::jwt::TEXT_LEN_MAX + 64) as u64;

/// The text of an argument, `-` being the first line of stdin. Blanks around it do not count.
pub fn text(argument: &str) -> Result<String, Failure> {
    if argument != "-" {
        return Ok(argument.trim_ascii().to_owned());
    }
    let mut line = Vec::new();
    std::io::stdin()
        .lock()
        .take(LINE_MAX)
        .read_until(b'\n', &mut line)
        .map_err(|error| Failure::CouldNotRun(format!("stdin: {error}")))?;
    // What is no text is no token either: whoever reads it will say so.
    let line = String::from_utf8_lossy(line.trim_ascii()).into_owned();
    if line.is_empty() { Err(Failure::Usage("stdin is empty".to_owned())) } else { Ok(line) }
}
