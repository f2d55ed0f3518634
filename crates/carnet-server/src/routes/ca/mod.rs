//! `/api/v1/admin/ca`: the fleet's certificate authority and its members.

mod identities;
mod issue;
mod rotate;
mod show;

pub(super) use identities::{release, revoke};
pub(super) use issue::issue;
pub(super) use rotate::rotate;
pub(super) use show::show;

use std::error::Error;
use std::str::FromStr;

use carnet_authority::ca::Lifetime;
use serde::Deserialize;

use crate::problem::Problem;
use crate::state::App;

const REASON_LEN_MAX: usize = 512;

/// What ending something may be told: why, in somebody's words.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct Because {
    reason: Option<String>,
}

impl Because {
    /// For this reason.
    pub(crate) fn of(reason: Option<String>) -> Self {
        Self { reason }
    }

    pub(super) fn checked(self) -> Result<Option<String>, Problem> {
        let is_too_long = |reason: &String| reason.len() > REASON_LEN_MAX;
        match self.reason {
            Some(reason) if is_too_long(&reason) => Err(Problem::invalid("TooLong", "reason")),
            reason => Ok(reason),
        }
    }
}

/// A value as its type reads it; a fault names the field.
pub(super) fn parsed<T: FromStr<Err: Error>>(text: &str, field: &str) -> Result<T, Problem> {
    text.parse().map_err(|error: T::Err| {
        Problem::invalid("BadValue", field).saying(format!("{field}: {error}"))
    })
}

pub(super) fn parsed_all<T: FromStr<Err: Error>>(
    texts: &[String],
    field: &str,
) -> Result<Vec<T>, Problem> {
    texts.iter().map(|text| parsed(text, field)).collect()
}

pub(super) fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// How long a certificate shall live: as it says, within what the configuration allows.
pub(super) fn certificate_life(app: &App, text: Option<&str>) -> Result<Lifetime, Problem> {
    let ca = &app.config().ca;
    let life = match text {
        None => ca.leaf_ttl,
        Some(text) => carnet_config::parse_duration(text)
            .ok_or_else(|| Problem::invalid("BadDuration", "cert_ttl"))?,
    };
    let out_of_range = || Problem::invalid("OutOfRange", "cert_ttl");
    if life > ca.max_leaf_ttl {
        return Err(out_of_range());
    }
    Lifetime::new(life).map_err(|error| out_of_range().saying(error.to_string()))
}
