//! JSON as tokens nearly always write it: one object of few members, no white space, texts without escapes, whole
//! numbers, lists of texts. Reading that by itself takes a third of the time. What is written otherwise is none of
//! it, and is read as JSON in general.

/// The most members of such an object.
const MEMBERS_MAX: usize = 8;

/// The members of an object, all of `json`: names, and values as they are written.
pub(super) fn members(json: &str) -> Option<impl IntoIterator<Item = (&str, &str)>> {
    let mut reader = Reader(json);
    let mut members = [("", ""); MEMBERS_MAX];
    let mut count = 0;
    reader.take("{\"")?;
    loop {
        let name = reader.text()?;
        reader.take(":")?;
        *members.get_mut(count)? = (name, reader.value()?);
        count += 1;
        if reader.take(",\"").is_none() {
            break;
        }
    }
    (reader.0 == "}").then(|| members.into_iter().take(count))
}

/// The values of a list of texts, all of `json`, each as it is written.
pub(super) fn texts(json: &str) -> Option<Vec<&str>> {
    let mut reader = Reader(json.strip_prefix('[')?);
    let mut texts = Vec::with_capacity(MEMBERS_MAX);
    loop {
        texts.push(reader.quoted()?);
        if reader.take(",").is_none() {
            break;
        }
    }
    (reader.0 == "]").then_some(texts)
}

/// What is still to be read.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn take(&mut self, expected: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    /// A text whose first quote is taken already, without its quotes.
    fn text(&mut self) -> Option<&'a str> {
        let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..b' ');
        let end = self.0.as_bytes().iter().position(is_special)?;
        let (text, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.strip_prefix('"')?;
        Some(text)
    }

    /// A text with its quotes.
    fn quoted(&mut self) -> Option<&'a str> {
        let written = self.0;
        self.take("\"")?;
        let text = self.text()?;
        written.get(..text.len() + 2)
    }

    /// A text, an integer that begins with 1 to 9, or a list of texts, as it is written.
    fn value(&mut self) -> Option<&'a str> {
        let len = match self.0.as_bytes().first()? {
            b'"' => return self.quoted(),
            b'[' => self.0.find(']')? + 1,
            b'1'..=b'9' => self.0.bytes().take_while(u8::is_ascii_digit).count(),
            _ => return None,
        };
        let (written, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        if written.starts_with('[') {
            texts(written)?;
        }
        Some(written)
    }
}
