//! JSON as payloads have it: one object, its members one by one, each typed no further than the text says.
//!
//! `serde_json` does not read it: to that `-0` is no integer, a number too large for a float is no number, half a
//! surrogate pair is no text, and a list may not be 128 deep, not even where nobody looks. Source: RFC 8259.

use std::borrow::Cow;

/// One value.
pub(super) enum Json<'a> {
    Null,
    /// Written without fraction or exponent, and an `i64`.
    Integer(i64),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    /// Anything else: no member has it.
    Other,
}

/// Reads a text from its start. `None` everywhere means: this is no JSON.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Whether half a surrogate pair counts as U+FFFD; otherwise it is no text.
    replaces_halves: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, replaces_halves: bool) -> Self {
        Self { text, at: 0, replaces_halves }
    }

    /// Reads one object, to the end of the text, and hands each member to `take`.
    pub(super) fn object(mut self, mut take: impl FnMut(Cow<'a, str>, Json<'a>)) -> Option<()> {
        self.expect(b'{')?;
        if !self.takes(b'}') {
            loop {
                let name = self.name()?;
                take(name, self.value()?);
                if self.takes(b'}') {
                    break;
                }
                self.expect(b',')?;
            }
        }
        self.skip_space();
        (self.at == self.text.len()).then_some(())
    }

    fn value(&mut self) -> Option<Json<'a>> {
        self.skip_space();
        match self.peek()? {
            b'[' => self.list(),
            b'{' => self.skip().map(|()| Json::Other),
            _ => self.scalar(),
        }
    }

    fn list(&mut self) -> Option<Json<'a>> {
        let mut list = Vec::new();
        self.expect(b'[')?;
        if self.takes(b']') {
            return Some(Json::List(list));
        }
        loop {
            self.skip_space();
            list.push(match self.peek()? {
                // No member has lists of lists.
                b'[' | b'{' => self.skip().map(|()| Json::Other)?,
                _ => self.scalar()?,
            });
            if self.takes(b']') {
                return Some(Json::List(list));
            }
            self.expect(b',')?;
        }
    }

    /// Passes over a list or an object of any depth, without a call for each level.
    fn skip(&mut self) -> Option<()> {
        let mut closers = Vec::new();
        loop {
            self.skip_space();
            let opened = match self.peek()? {
                b'[' => Some(b']'),
                b'{' => Some(b'}'),
                _ => None,
            };
            if let Some(closer) = opened {
                self.at += 1;
                if !self.takes(closer) {
                    closers.push(closer);
                    if closer == b'}' {
                        self.name()?;
                    }
                    continue;
                }
            } else {
                self.scalar()?;
            }
            while closers.last().is_some_and(|closer| self.takes(*closer)) {
                closers.pop();
            }
            let Some(closer) = closers.last() else { return Some(()) };
            self.expect(b',')?;
            if *closer == b'}' {
                self.name()?;
            }
        }
    }

    fn scalar(&mut self) -> Option<Json<'a>> {
        match self.peek()? {
            b'"' => self.string().map(Json::Text),
            b'-' | b'0'..=b'9' => self.number(),
            _ => {
                let words = [("null", Json::Null), ("true", Json::Other), ("false", Json::Other)];
                let rest = self.text.get(self.at..)?;
                let (word, value) = words.into_iter().find(|(word, _)| rest.starts_with(word))?;
                self.at += word.len();
                Some(value)
            }
        }
    }

    fn number(&mut self) -> Option<Json<'a>> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let has_zero = self.peek() == Some(b'0');
        if self.digits()? > 1 && has_zero {
            return None;
        }
        let integer = self.text.get(start..self.at)?;
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        let is_integer = self.at == start + integer.len();
        let integer = integer.parse().ok().filter(|_| is_integer);
        Some(integer.map_or(Json::Other, Json::Integer))
    }

    /// Passes over digits, at least one; how many.
    fn digits(&mut self) -> Option<usize> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(count)
    }

    fn name(&mut self) -> Option<Cow<'a, str>> {
        let name = self.string()?;
        self.expect(b':')?;
        Some(name)
    }

    /// Nearly no text has an escape: it is borrowed then.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.expect(b'"')?;
        let plain = self.plain()?;
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Some(Cow::Borrowed(plain));
        }
        self.string_from(plain.to_owned()).map(Cow::Owned)
    }

    fn string_from(&mut self, mut text: String) -> Option<String> {
        loop {
            match self.next()? {
                b'"' => return Some(text),
                b'\\' => text.push(self.escaped()?),
                _ => return None,
            }
            text.push_str(self.plain()?);
        }
    }

    /// What comes before the next quote, backslash or control character.
    fn plain(&mut self) -> Option<&'a str> {
        let start = self.at;
        let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
        self.at += self.text.as_bytes().get(start..)?.iter().position(ends)?;
        self.text.get(start..self.at)
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_unit().and_then(|unit| self.character(unit)),
            _ => return None,
        })
    }

    /// The character that `unit` begins, with the escape that follows where it is one half of a pair.
    fn character(&mut self, unit: u16) -> Option<char> {
        let before = self.at;
        let is_high = (0xd800..0xdc00).contains(&unit);
        if is_high && self.next() == Some(b'\\') && self.next() == Some(b'u') {
            let pair = char::decode_utf16([unit, self.code_unit()?]).next()?;
            if let Ok(character) = pair {
                return Some(character);
            }
        }
        self.at = before;
        let half = || self.replaces_halves.then_some(char::REPLACEMENT_CHARACTER);
        char::from_u32(unit.into()).or_else(half)
    }

    fn code_unit(&mut self) -> Option<u16> {
        let mut unit = [0; 2];
        hex::decode_to_slice(self.text.get(self.at..self.at + 4)?, &mut unit).ok()?;
        self.at += 4;
        Some(u16::from_be_bytes(unit))
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Takes `byte`, after white space, if it is what comes.
    fn takes(&mut self, byte: u8) -> bool {
        self.skip_space();
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.takes(byte).then_some(())
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pieces from which JSON, and what is nearly JSON, is put together.
    const PIECES: &[&str] = &[
        "{", "}", "[", "]", ":", ",", "\"a\":", "\"", "\\", "\\u", "\\u00e9", "\\ud83d", "\\ude00",
        "null", "true", "false", "0", "-0", "-", "7", ".", "e", "E+", "1.5", "12e3", " ", "\r\n",
        "é", "\u{1}", "\"x\"",
    ];

    fn read(text: &str) -> Option<()> {
        Reader::new(text, false).object(|_, _| ())
    }

    fn text_of(json: &str, replaces_halves: bool) -> Option<String> {
        let mut found = None;
        let json = format!("{{\"a\":{json}}}");
        Reader::new(&json, replaces_halves).object(|_, value| {
            if let Json::Text(text) = value {
                found = Some(text.into_owned());
            }
        })?;
        found
    }

    #[test]
    fn halves_of_pairs_are_replaced_or_refused() {
        let cases = [
            (r#""\ud800""#, "\u{fffd}"),
            (r#""\uDC00\uD800""#, "\u{fffd}\u{fffd}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (r#""\ud800\n""#, "\u{fffd}\n"),
            (r#""\\\ud800""#, "\\\u{fffd}"),
        ];
        for (json, text) in cases {
            assert_eq!(text_of(json, true).as_deref(), Some(text), "{json}");
            assert_eq!(text_of(json, false), None, "{json}");
        }
        assert_eq!(text_of(r#""\\ud800\ud83d\ude00""#, false).unwrap(), "\\ud800\u{1f600}");
        assert_eq!(text_of(r#""\ud8""#, true), None);
        assert_eq!(text_of(r#""\ud800\u12""#, true), None);
    }

    #[test]
    fn depth_costs_no_stack() {
        let (open, close) = ("[".repeat(1_000_000), "]".repeat(1_000_000));
        assert!(read(&format!("{{\"a\":{open}{close}}}")).is_some());
        assert!(read(&format!("{{\"a\":{open}}}")).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn what_serde_json_takes_for_an_object_is_one(
            pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12),
        ) {
            let json = format!("{{\"b\":{}}}", pieces.concat());
            let is_object = serde_json::from_str::<serde_json::Map<_, _>>(&json).is_ok();
            prop_assert_eq!(read(&json).is_some(), is_object, "{}", json);
        }

        #[test]
        fn texts_are_read_as_serde_json_writes_them(text: String) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(text_of(&json, false), Some(text));
        }
    }
}
