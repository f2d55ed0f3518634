//! [`Members`]: a payload's members, read and typed. Source: worker token spec, section 4, steps 5 to 7.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::dialect::Dialect;
use super::{LAST_S, WorkerTokenError, json};
use crate::claim::ClaimName;

/// What a payload says. What it does not say is empty or 0.
#[derive(Default)]
pub(super) struct Members<'a> {
    pub(super) worker_id: Cow<'a, str>,
    pub(super) token_id: Cow<'a, str>,
    pub(super) audience: Cow<'a, str>,
    pub(super) scopes: Option<Vec<Cow<'a, str>>>,
    pub(super) expires_s: i64,
    pub(super) issued_at_s: i64,
    pub(super) not_before_s: i64,
}

impl<'a> Members<'a> {
    /// Reads one JSON object, all of `json`.
    pub(super) fn read(json: &'a str, dialect: Dialect) -> Result<Self, WorkerTokenError> {
        let mut sorter = Sorter {
            dialect,
            members: Self::default(),
            seen: [false; Member::ALL.len()],
            seen_unknown: BTreeSet::new(),
            name_fault: None,
            type_fault: None,
        };
        json::object(json, |name, value| sorter.take(name, value))
            .ok_or(WorkerTokenError::Payload)?;
        sorter.finish()
    }
}

/// The members that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    WorkerId,
    TokenId,
    Audience,
    Scopes,
    Expires,
    IssuedAt,
    NotBefore,
}

impl Member {
    const ALL: [Self; 7] = [
        Self::WorkerId,
        Self::TokenId,
        Self::Audience,
        Self::Scopes,
        Self::Expires,
        Self::IssuedAt,
        Self::NotBefore,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::WorkerId => "worker_id",
            Self::TokenId => "jti",
            Self::Audience => "aud",
            Self::Scopes => "scopes",
            Self::Expires => "exp",
            Self::IssuedAt => "iat",
            Self::NotBefore => "nbf",
        }
    }

    fn of(name: &str, dialect: Dialect) -> Option<Self> {
        Some(match name {
            "worker_id" => Self::WorkerId,
            "jti" => Self::TokenId,
            "aud" => Self::Audience,
            "scopes" => Self::Scopes,
            "exp" => Self::Expires,
            "iat" => Self::IssuedAt,
            "nbf" => Self::NotBefore,
            _ if dialect == Dialect::V1Compat => {
                Self::ALL.into_iter().find(|member| is_any_case_of(name, member.name()))?
            }
            _ => return None,
        })
    }
}

/// Whether `name` is `known` in any case, as Unicode folds it: two letters outside ASCII fold into it.
fn is_any_case_of(name: &str, known: &str) -> bool {
    let fold = |character: char| match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    name.chars().map(fold).eq(known.chars())
}

/// Reads on after a fault: a text that is no JSON at its end counts before all that is wrong in it, and a
/// wrong name anywhere before a wrong type.
struct Sorter<'a> {
    dialect: Dialect,
    members: Members<'a>,
    seen: [bool; Member::ALL.len()],
    seen_unknown: BTreeSet<Cow<'a, str>>,
    name_fault: Option<WorkerTokenError>,
    type_fault: Option<WorkerTokenError>,
}

impl<'a> Sorter<'a> {
    fn take(&mut self, name: Cow<'a, str>, value: &'a RawValue) {
        match Member::of(&name, self.dialect) {
            Some(member) => {
                self.see(member);
                self.take_known(member, value);
            }
            None => self.see_unknown(name),
        }
    }

    fn see(&mut self, member: Member) {
        let is_repeated = std::mem::replace(&mut self.seen[member as usize], true);
        if is_repeated && self.dialect != Dialect::V1Compat {
            let fault = WorkerTokenError::DuplicateClaim(ClaimName::new(member.name()));
            self.name_fault.get_or_insert(fault);
        }
    }

    fn see_unknown(&mut self, name: Cow<'a, str>) {
        let claim = || ClaimName::new(&name);
        let fault = match self.dialect {
            Dialect::V1Compat => return,
            Dialect::V2 => WorkerTokenError::UnknownClaim(claim()),
            Dialect::V1Strict if self.seen_unknown.contains(&name) => {
                WorkerTokenError::DuplicateClaim(claim())
            }
            Dialect::V1Strict => {
                self.seen_unknown.insert(name);
                return;
            }
        };
        self.name_fault.get_or_insert(fault);
    }

    fn take_known(&mut self, member: Member, value: &'a RawValue) {
        if self.dialect == Dialect::V1Compat && json::is_null(value) {
            return;
        }
        if self.set(member, value).is_none() {
            let fault = WorkerTokenError::WrongType(ClaimName::new(member.name()));
            self.type_fault.get_or_insert(fault);
        }
    }

    /// `None` when `value` is not of the member's type.
    fn set(&mut self, member: Member, value: &'a RawValue) -> Option<()> {
        let (dialect, members) = (self.dialect, &mut self.members);
        match member {
            Member::WorkerId => members.worker_id = json::text(value)?,
            Member::TokenId => members.token_id = json::text(value)?,
            Member::Audience => members.audience = json::text(value)?,
            Member::Scopes => members.scopes = Some(texts(value, dialect)?),
            Member::Expires => members.expires_s = seconds(value, dialect)?,
            Member::IssuedAt => members.issued_at_s = seconds(value, dialect)?,
            Member::NotBefore => members.not_before_s = seconds(value, dialect)?,
        }
        Some(())
    }

    fn finish(self) -> Result<Members<'a>, WorkerTokenError> {
        match self.name_fault.or(self.type_fault) {
            None => Ok(self.members),
            Some(_) if self.dialect == Dialect::V1Compat => Err(WorkerTokenError::Payload),
            Some(fault) => Err(fault),
        }
    }
}

fn texts(value: &RawValue, dialect: Dialect) -> Option<Vec<Cow<'_, str>>> {
    let item = |value| {
        let is_absent = dialect == Dialect::V1Compat && json::is_null(value);
        if is_absent { Some(Cow::default()) } else { json::text(value) }
    };
    json::list(value)?.into_iter().map(item).collect()
}

fn seconds(value: &RawValue, dialect: Dialect) -> Option<i64> {
    let is_in_range = |number: &i64| dialect == Dialect::V1Compat || (0..=LAST_S).contains(number);
    json::integer(value).filter(is_in_range)
}
