//! Reading bodies, within their limits.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use carnet_gate::Denied;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::problem::Problem;
use crate::state::App;

/// The largest number that every JSON reader keeps whole.
pub(crate) const NUMBER_MAX: u64 = (1 << 53) - 1;

/// The whole of a body of at most `max` bytes. One that says it is larger is refused before it is read; one
/// that stops half way, or stalls, is refused.
pub(crate) async fn read(
    app: &App,
    headers: &HeaderMap,
    mut body: Body,
    max: u64,
) -> Result<Bytes, Problem> {
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|declared| declared > max) {
        return Err(Problem::payload_too_large(max));
    }
    let mut bytes = BytesMut::with_capacity(usize::try_from(declared.unwrap_or(0)).unwrap_or(0));
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            () = app.clock().sleep(app.config().server.read_timeout) => {
                return Err(Problem::invalid("Timeout", "body"));
            }
        };
        let Some(frame) = frame else { return Ok(bytes.freeze()) };
        let frame = frame.map_err(stopped)?;
        if let Ok(data) = frame.into_data() {
            if bytes.len() as u64 + data.len() as u64 > max {
                return Err(Problem::payload_too_large(max));
            }
            bytes.extend_from_slice(&data);
        }
    }
}

/// Why a body ended early: whoever sends it is no longer let in, or has stopped.
fn stopped(error: axum::Error) -> Problem {
    match error.into_inner().downcast::<Denied>() {
        Ok(denied) => (*denied).into(),
        Err(_) => Problem::invalid("Incomplete", "body"),
    }
}

/// The JSON object in a body of the control plane: unknown and repeated members are refused.
pub(crate) async fn json<T: DeserializeOwned>(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Problem> {
    let bytes = read(app, headers, body, app.config().server.max_body.0).await?;
    parse(&bytes)
}

/// The JSON object in a body of the content store: unknown members are passed over.
pub(crate) async fn realm_json<T: DeserializeOwned>(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Problem> {
    let bytes = read(app, headers, body, app.config().realm.max_body.0).await?;
    parse(&bytes)
}

/// As [`json`]; no body at all is what nobody said anything in.
pub(crate) async fn json_or_default<T: DeserializeOwned + Default>(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Problem> {
    let bytes = read(app, headers, body, app.config().server.max_body.0).await?;
    if bytes.is_empty() {
        return Ok(T::default());
    }
    parse(&bytes)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // A list would be read as an object's members in their order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::invalid("Json", "body"));
    }
    serde_json::from_slice(bytes).map_err(|_| Problem::invalid("Json", "body"))
}

/// A whole number, not negative. `60.0` is one too: JSON has one kind of numbers. What is written as a fraction may be
/// read wrong by its last bit.
pub(crate) fn number(value: &Value) -> Option<u64> {
    let number = value.as_number()?;
    let whole = || {
        let float = number.as_f64()?;
        let is_whole = (float - float.round()).abs() <= float * f64::EPSILON;
        is_whole.then(|| format!("{float:.0}").parse().ok())?
    };
    number.as_u64().or_else(whole).filter(|number| *number <= NUMBER_MAX)
}

/// A member of a body that is a [`number`], null, or not there.
pub(crate) fn maybe_number<'de, D: Deserializer<'de>>(member: D) -> Result<Option<u64>, D::Error> {
    let value = Option::<Value>::deserialize(member)?;
    let number = value.map(|value| number(&value).ok_or_else(|| D::Error::custom("no number")));
    number.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_however_they_are_written() {
        for (text, wanted) in [
            ("0", 0),
            ("60", 60),
            ("60.0", 60),
            ("6e1", 60),
            ("2251799813685247.0", 2_251_799_813_685_247),
            ("9007199254740991", NUMBER_MAX),
        ] {
            assert_eq!(number(&serde_json::from_str(text).unwrap()), Some(wanted), "{text}");
        }
        for bad in ["-1", "1.5", "9007199254740992", "1e300", "\"60\"", "null"] {
            assert_eq!(number(&serde_json::from_str(bad).unwrap()), None, "{bad}");
        }
    }
}
