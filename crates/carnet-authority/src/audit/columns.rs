//! [`Columns`]: what queries ask for, taken out of a canonical text without parsing all of it.

use std::borrow::Cow;

/// What a store keeps beside a canonical text, for queries. All of it stands in the text, so that a verifier can
/// compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns<'a> {
    /// The number.
    pub seq: i64,
    /// When, in Unix milliseconds.
    pub at: i64,
    /// What it is about.
    pub kind: Cow<'a, str>,
    /// The actor's id.
    pub actor: Cow<'a, str>,
    /// What was asked for.
    pub action: Cow<'a, str>,
    /// How it went.
    pub outcome: Cow<'a, str>,
    /// The status that was answered.
    pub status: Option<i64>,
    /// The path of the request.
    pub path: Option<Cow<'a, str>>,
    /// The tenant.
    pub tenant_id: Option<Cow<'a, str>>,
    /// The request.
    pub request_id: Cow<'a, str>,
}

impl<'a> Columns<'a> {
    /// The columns of a canonical text; none when it is not one. Of the details only the end is looked for: that
    /// they are as they were written, the hash says.
    pub fn of(canonical: &'a str) -> Option<Self> {
        let mut rest = Rest(canonical);
        // Without `?` a member may be absent.
        let action = rest.text(r#"{"action":"#)?;
        rest.skip_text(r#","actor":{"class":"#)?;
        rest.skip_text(r#","fingerprint":"#);
        let actor = rest.text(r#","id":"#)?;
        rest.skip_text(r#","role":"#);
        let at = rest.integer(r#"},"at":"#)?;
        rest.skip_object(r#","details":"#)?;
        rest.integer(r#","duration_ms":"#);
        let kind = rest.text(r#","kind":"#)?;
        rest.skip_text(r#","method":"#);
        rest.skip_text(r#","on_behalf_of":"#);
        let outcome = rest.text(r#","outcome":"#)?;
        let path = rest.text(r#","path":"#);
        rest.skip_text(r#","reason":"#);
        rest.skip_text(r#","remote_addr":"#);
        let request_id = rest.text(r#","request_id":"#)?;
        rest.skip_text(r#","rule":"#);
        let seq = rest.integer(r#","seq":"#)?;
        let status = rest.integer(r#","status":"#);
        rest.skip_text(r#","target":"#)?;
        let tenant_id = rest.text(r#","tenant_id":"#);
        rest.skip_text(r#","user_agent":"#);
        let is_over = rest.0 == "}";
        is_over.then_some(Self {
            seq,
            at,
            kind,
            actor,
            action,
            outcome,
            status,
            path,
            tenant_id,
            request_id,
        })
    }
}

/// What is left of a canonical text. Each method takes `before` and the value behind it, or nothing: what is
/// malformed then stands before whatever is taken next, and that fails.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn text(&mut self, before: &str) -> Option<Cow<'a, str>> {
        let mut is_escaped = false;
        let (value, rest) = self.split(before, |bytes| {
            let (len, has_escapes) = text_len(bytes)?;
            is_escaped = has_escapes;
            Some(len)
        })?;
        let text = if is_escaped {
            Cow::Owned(serde_json::from_str(value).ok()?)
        } else {
            Cow::Borrowed(value.get(1..value.len() - 1)?)
        };
        self.0 = rest;
        Some(text)
    }

    fn integer(&mut self, before: &str) -> Option<i64> {
        let (value, rest) = self.split(before, integer_len)?;
        let number = value.parse().ok()?;
        self.0 = rest;
        Some(number)
    }

    fn skip_text(&mut self, before: &str) -> Option<()> {
        self.0 = self.split(before, |bytes| text_len(bytes).map(|(len, _)| len))?.1;
        Some(())
    }

    fn skip_object(&mut self, before: &str) -> Option<()> {
        self.0 = self.split(before, object_len)?.1;
        Some(())
    }

    /// The value behind `before`, and what follows it.
    fn split(
        &self,
        before: &str,
        len: impl FnOnce(&[u8]) -> Option<usize>,
    ) -> Option<(&'a str, &'a str)> {
        let rest = self.0.strip_prefix(before)?;
        rest.split_at_checked(len(rest.as_bytes())?)
    }
}

/// The length of the text, with its quotes, that `bytes` begin with, and whether it has escapes.
fn text_len(bytes: &[u8]) -> Option<(usize, bool)> {
    let (mut at, mut is_escaped) = (1, false);
    bytes.strip_prefix(b"\"")?;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        if bytes[at] == b'"' {
            return Some((at + 1, is_escaped));
        }
        is_escaped = true;
        at += 2;
    }
}

/// The length of the digits, and their sign, that `bytes` begin with.
fn integer_len(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'-')
}

/// The length of the object that `bytes` begin with.
fn object_len(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        match bytes.get(at)? {
            b'"' => at += text_len(&bytes[at..])?.0,
            b'{' => {
                depth += 1;
                at += 1;
            }
            b'}' => {
                depth = depth.checked_sub(1)?;
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
}
