//! [`Events`]: server-sent events, out of the pieces in which they come.

use carnet_ticket::revocation_feed::DELTA_LEN_MAX;

/// The longest event: a delta, and what is written around it.
const LEN_MAX: usize = DELTA_LEN_MAX + 1024;

/// What has come, and was not read yet.
#[derive(Debug, Default)]
pub(super) struct Events(Vec<u8>);

impl Events {
    /// Takes a piece; none when an event is longer than any.
    pub(super) fn push(&mut self, piece: &[u8]) -> Option<()> {
        self.0.extend_from_slice(piece);
        // Whole events are taken out after each piece, and a piece is not longer than a few of them.
        (self.0.len() <= LEN_MAX + piece.len()).then_some(())
    }

    /// The kind and the data of the next whole event. What cannot be read is passed over.
    pub(super) fn next(&mut self) -> Option<(String, String)> {
        loop {
            let end = self.0.windows(2).position(|two| two == b"\n\n")?;
            let event: Vec<u8> = self.0.drain(..end + 2).collect();
            if let Ok(event) = String::from_utf8(event) {
                return Some(parse(&event));
            }
        }
    }
}

fn parse(event: &str) -> (String, String) {
    let (mut kind, mut data) = (String::new(), String::new());
    for line in event.lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut kind),
            "data" => data.push_str(value),
            _ => {}
        }
    }
    (kind, data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_out_of_any_pieces() {
        let text = b"event: revocation\nid: 4\ndata: abc\n\n: a comment\n\nevent: alive\ndata: d\n\nevent: al";
        for size in [1, 7, text.len()] {
            let (mut events, mut found) = (Events::default(), Vec::new());
            for piece in text.chunks(size) {
                events.push(piece).unwrap();
                found.extend(std::iter::from_fn(|| events.next()));
            }
            let found: Vec<_> = found.iter().map(|(kind, data)| (&**kind, &**data)).collect();
            assert_eq!(found, [("revocation", "abc"), ("", ""), ("alive", "d")]);
        }
    }

    #[test]
    fn an_event_without_an_end_is_too_long_at_last() {
        let mut events = Events::default();
        let piece = [b'x'; 4096];
        let pieces = (0..1_000).take_while(|_| events.push(&piece).is_some()).count();
        assert!(pieces * piece.len() <= LEN_MAX + piece.len());
    }
}
