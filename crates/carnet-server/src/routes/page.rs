//! Pages of lists: `limit`, and an opaque `cursor` that says where the last page ended.

use axum::extract::{FromRequestParts, Query};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use serde::Deserialize;

use crate::problem::Problem;

const LIMIT_DEFAULT: u32 = 100;
const LIMIT_MAX: u32 = 1000;

/// The first byte of a cursor: its form.
const VERSION: u8 = 1;

/// The part of a list that is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub(crate) limit: u32,
    /// The number that the last page ended with.
    pub(crate) before: Option<u64>,
}

#[derive(Deserialize)]
struct Params {
    limit: Option<String>,
    cursor: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let params: Query<Params> =
            Query::try_from_uri(&parts.uri).map_err(|_| Problem::invalid("Query", "query"))?;
        let limit = match &params.limit {
            None => LIMIT_DEFAULT,
            Some(text) => {
                let limit = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
                limit.ok_or_else(|| Problem::invalid("OutOfRange", "limit"))?
            }
        };
        let before = match &params.cursor {
            None => None,
            Some(text) => {
                Some(parse_cursor(text).ok_or_else(|| Problem::invalid("BadCursor", "cursor"))?)
            }
        };
        Ok(Self { limit, before })
    }
}

/// The cursor after the row with this number.
pub(crate) fn cursor(number: u64) -> String {
    let mut bytes = [VERSION; 9];
    bytes[1..].copy_from_slice(&number.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn parse_cursor(text: &str) -> Option<u64> {
    if text.len() > 16 {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let number = bytes.strip_prefix(&[VERSION])?;
    number.try_into().ok().map(u64::from_be_bytes)
}

/// Cuts what was read, one row more than the page, to the page; and the cursor when there is more.
pub(crate) fn cut<T>(rows: &mut Vec<T>, page: Page, number: impl Fn(&T) -> u64) -> Option<String> {
    let has_more = rows.len() > page.limit as usize;
    rows.truncate(page.limit as usize);
    rows.last().filter(|_| has_more).map(|row| cursor(number(row)))
}
