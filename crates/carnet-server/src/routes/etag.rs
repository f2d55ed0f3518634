//! Entity tags.

use http::{HeaderMap, header};

/// Whether the caller has what `tag` names already.
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    given.is_some_and(|given| {
        given
            .split(',')
            .map(|one| one.trim().trim_start_matches("W/"))
            .any(|one| one == "*" || one == tag)
    })
}
