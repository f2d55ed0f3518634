//! [`EventReader`]: server-sent events out of the bytes of a response.
//!
//! Source: HTML, section 9.2. Lines end with LF or CRLF; comments, ids and unknown fields are passed over.

use carnet_ticket::revocation_feed::DELTA_LEN_MAX;

/// The longest event: the longest message, and what stands around it.
const LEN_MAX: usize = DELTA_LEN_MAX + 1024;

/// What came so far of the next event.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    line: Vec<u8>,
    event: Event,
}

/// An event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) data: String,
}

/// What comes is no stream of events, or one is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a stream of events, or one that is too long")]
pub(crate) struct BadEvents;

impl EventReader {
    /// Takes what came; gives the events that are whole with it.
    pub(super) fn take(&mut self, chunk: &[u8]) -> Result<Vec<Event>, BadEvents> {
        let mut events = Vec::new();
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + self.event.data.len() + piece.len() > LEN_MAX {
                return Err(BadEvents);
            }
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                events.extend(self.end_line()?);
            }
        }
        Ok(events)
    }

    /// The event that the line ends, if it is an empty one.
    fn end_line(&mut self) -> Result<Option<Event>, BadEvents> {
        let line = std::mem::take(&mut self.line);
        let line = std::str::from_utf8(&line).map_err(|_| BadEvents)?;
        let line = line.trim_end_matches(['\n', '\r']);
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return Ok((!event.data.is_empty()).then_some(event));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&[u8]]) -> Result<Vec<Event>, BadEvents> {
        let mut reader = EventReader::default();
        let mut events = Vec::new();
        for chunk in chunks {
            events.extend(reader.take(chunk)?);
        }
        Ok(events)
    }

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn events_are_the_same_however_they_are_cut() {
        let stream = b": hb\n\nevent: revocation\nid: 7\ndata: a\n\nevent:alive\r\ndata:b\r\ndata: c\r\n\r\ndata: d\n";
        let expected = [event("revocation", "a"), event("alive", "b\nc")];
        for len in 1..=stream.len() {
            let chunks: Vec<_> = stream.chunks(len).collect();
            assert_eq!(read(&chunks).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_too_long_or_no_text_is_refused() {
        let long = vec![b'a'; LEN_MAX];
        assert_eq!(read(&[b"data: ", &long]), Err(BadEvents));
        let lines: Vec<_> =
            std::iter::repeat_n(&b"data: aaaaaaaaaaaaaaaa\n"[..], LEN_MAX / 16).collect();
        assert_eq!(read(&lines), Err(BadEvents));
        assert_eq!(read(&[b"data: \xff\n\n"]), Err(BadEvents));
        let ended: Vec<_> =
            std::iter::repeat_n(&b"data: aaaaaaaaaaaaaaaa\n\n"[..], LEN_MAX / 16).collect();
        assert_eq!(read(&ended).unwrap().len(), LEN_MAX / 16);
    }
}
