//! Content types that a ticket accepts. Source: realm spec, section 6.

const PATTERNS_MAX: usize = 64;
const PATTERN_LEN_MAX: usize = 127;

/// A list of patterns is empty, too long, or one of them is not `type/subtype`, `type/*` or `*/*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("accept is 1 to 64 patterns: type/subtype, type/* or */*")]
pub struct InvalidAccept;

/// Checks the patterns of a new ticket.
pub fn check_patterns(patterns: &[String]) -> Result<(), InvalidAccept> {
    let is_good = (1..=PATTERNS_MAX).contains(&patterns.len())
        && patterns.iter().all(|pattern| is_pattern(pattern));
    is_good.then_some(()).ok_or(InvalidAccept)
}

/// Whether one of `patterns` matches a file's content type: parameters and spaces are stripped, case does
/// not count, and an empty or incomplete type matches only `*/*`.
pub fn matches(patterns: &[String], content_type: &str) -> bool {
    let essence: String =
        content_type.split(';').next().unwrap_or_default().split_whitespace().collect();
    patterns.iter().any(|pattern| pattern_matches(pattern, &essence))
}

/// Whether all that `narrow` accepts is accepted by `wide` too; an empty `wide` accepts everything.
pub fn are_within(narrow: &[String], wide: &[String]) -> bool {
    let is_within = |pattern: &String| wide.iter().any(|wide| pattern_is_within(pattern, wide));
    wide.is_empty() || narrow.iter().all(is_within)
}

/// A pattern with `*` for its subtype is within the same one, or `*/*`; any other is a type like those of files.
fn pattern_is_within(pattern: &str, wide: &str) -> bool {
    wide == "*/*" || pattern.eq_ignore_ascii_case(wide) || {
        pattern != "*/*" && wide.ends_with("/*") && pattern_matches(wide, pattern)
    }
}

fn pattern_matches(pattern: &str, essence: &str) -> bool {
    if pattern == "*/*" {
        return true;
    }
    let (Some((kind, subtype)), Some((have_kind, have_subtype))) =
        (pattern.split_once('/'), essence.split_once('/'))
    else {
        return false;
    };
    !have_kind.is_empty()
        && !have_subtype.is_empty()
        && kind.eq_ignore_ascii_case(have_kind)
        && (subtype == "*" || subtype.eq_ignore_ascii_case(have_subtype))
}

fn is_pattern(pattern: &str) -> bool {
    let Some((kind, subtype)) = pattern.split_once('/') else { return false };
    let is_whole = pattern == "*/*" || (is_token(kind) && (subtype == "*" || is_token(subtype)));
    is_whole && pattern.len() <= PATTERN_LEN_MAX
}

/// Token characters of RFC 9110, section 5.6.2, without `*`, which stands for everything here.
fn is_token(text: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_tchar)
}
