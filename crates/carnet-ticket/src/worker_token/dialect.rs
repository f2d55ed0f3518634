//! [`Dialect`]: the three ways to read a payload. Source: worker token spec, section 4.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::json::with_halves_replaced;
use super::{Format, WorkerTokenError};
use crate::verify::Profile;

/// How old fleets read base64: bits that mean nothing may be set.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// How a payload is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    V1Strict,
    V1Compat,
    /// The same in both profiles.
    V2,
}

impl Dialect {
    pub(super) fn of(format: Format, profile: Profile) -> Self {
        match (format, profile) {
            (Format::V1, Profile::Strict) => Self::V1Strict,
            (Format::V1, Profile::Compat) => Self::V1Compat,
            (Format::V2, _) => Self::V2,
        }
    }

    /// The JSON of a payload. Half a surrogate pair is U+FFFD in compat, and otherwise no text.
    pub(super) fn decode(self, payload: &str) -> Result<String, WorkerTokenError> {
        let json = match self {
            Self::V1Strict | Self::V2 => URL_SAFE_NO_PAD.decode(payload),
            Self::V1Compat => LENIENT.decode(without_line_ends(payload).as_ref()),
        };
        let json = json.ok().and_then(|json| String::from_utf8(json).ok());
        let json = json.ok_or(WorkerTokenError::Payload)?;
        match with_halves_replaced(&json) {
            Cow::Borrowed(_) => Ok(json),
            Cow::Owned(replaced) if self == Self::V1Compat => Ok(replaced),
            Cow::Owned(_) => Err(WorkerTokenError::Payload),
        }
    }

    /// What counts of a text.
    pub(super) fn trim(self, text: &str) -> &str {
        match self {
            Self::V1Strict | Self::V1Compat => text.trim(),
            Self::V2 => text,
        }
    }
}

fn without_line_ends(text: &str) -> Cow<'_, str> {
    const LINE_ENDS: [char; 2] = ['\r', '\n'];
    if text.contains(LINE_ENDS) { text.replace(LINE_ENDS, "").into() } else { text.into() }
}
