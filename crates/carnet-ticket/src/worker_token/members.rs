//! [`Members`]: a payload's members, read and typed. Source: worker token spec, section 4, steps 5 to 7.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::dialect::Dialect;
use super::json::{Json, Reader};
use super::{LAST_S, WorkerTokenError};
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
    pub(super) fn read(json: &'a [u8], dialect: Dialect) -> Result<Self, WorkerTokenError> {
        let json = std::str::from_utf8(json).map_err(|_| WorkerTokenError::Payload)?;
        let mut sorter = Sorter {
            dialect,
            members: Self::default(),
            seen: [false; Member::ALL.len()],
            seen_unknown: BTreeSet::new(),
            name_fault: None,
            type_fault: None,
        };
        Reader::new(json, dialect == Dialect::V1Compat)
            .object(|name, value| sorter.take(name, value))
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
    fn take(&mut self, name: Cow<'a, str>, value: Json<'a>) {
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

    fn take_known(&mut self, member: Member, value: Json<'a>) {
        if self.dialect == Dialect::V1Compat && matches!(value, Json::Null) {
            return;
        }
        if self.set(member, value).is_none() {
            let fault = WorkerTokenError::WrongType(ClaimName::new(member.name()));
            self.type_fault.get_or_insert(fault);
        }
    }

    /// `None` when `value` is not of the member's type.
    fn set(&mut self, member: Member, value: Json<'a>) -> Option<()> {
        let (dialect, members) = (self.dialect, &mut self.members);
        match member {
            Member::WorkerId => members.worker_id = text(value)?,
            Member::TokenId => members.token_id = text(value)?,
            Member::Audience => members.audience = text(value)?,
            Member::Scopes => members.scopes = Some(texts(value, dialect)?),
            Member::Expires => members.expires_s = seconds(&value, dialect)?,
            Member::IssuedAt => members.issued_at_s = seconds(&value, dialect)?,
            Member::NotBefore => members.not_before_s = seconds(&value, dialect)?,
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

fn text(value: Json<'_>) -> Option<Cow<'_, str>> {
    match value {
        Json::Text(text) => Some(text),
        _ => None,
    }
}

fn texts(value: Json<'_>, dialect: Dialect) -> Option<Vec<Cow<'_, str>>> {
    let Json::List(values) = value else { return None };
    let item = |value| match value {
        Json::Null if dialect == Dialect::V1Compat => Some(Cow::default()),
        value => text(value),
    };
    values.into_iter().map(item).collect()
}

fn seconds(value: &Json<'_>, dialect: Dialect) -> Option<i64> {
    match value {
        Json::Integer(number) => {
            let fits = dialect == Dialect::V1Compat || (0..=LAST_S).contains(number);
            fits.then_some(*number)
        }
        _ => None,
    }
}
