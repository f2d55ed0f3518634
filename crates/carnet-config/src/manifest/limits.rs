//! `[ticket_limits]`: what tickets may say.

use std::ops::RangeInclusive;

use carnet_ticket::capability::{TOKEN_LEN_MAX, TicketLimits};
use toml::de::{DeTable, DeValue};

use super::error::ManifestFault;
use super::reader::Reader;
use crate::error::KeyText;

const KEYS: [&str; 8] = [
    "max_scopes",
    "max_scope_path_len",
    "max_scope_rate_per_s",
    "bandwidth_bytes",
    "cursor_resumes",
    "cursor_advances",
    "max_ttl_s",
    "max_token_chars",
];
const U32: RangeInclusive<u64> = 0..=u32::MAX as u64;

impl Reader<'_> {
    pub fn ticket_limits(&mut self, table: &DeTable<'_>) -> TicketLimits {
        let default = TicketLimits::default();
        let Some(value) = table.get("ticket_limits") else { return default };
        let DeValue::Table(limits) = value.get_ref() else {
            self.wrong_type("ticket_limits", value, "a table");
            return default;
        };
        self.only("ticket_limits", limits, &KEYS);
        let (chars, all) = (110..=TOKEN_LEN_MAX as u64, 0..=u64::MAX);
        TicketLimits {
            max_scopes: self.limit(limits, "max_scopes", 0..=16, default.max_scopes),
            max_scope_path_len: self.limit(
                limits,
                "max_scope_path_len",
                1..=255,
                default.max_scope_path_len,
            ),
            max_scope_rate_per_s: self.limit(
                limits,
                "max_scope_rate_per_s",
                U32,
                default.max_scope_rate_per_s,
            ),
            bandwidth_bytes: self.limit(
                limits,
                "bandwidth_bytes",
                all.clone(),
                default.bandwidth_bytes,
            ),
            cursor_resumes: self.limit(limits, "cursor_resumes", U32, default.cursor_resumes),
            cursor_advances: self.limit(limits, "cursor_advances", U32, default.cursor_advances),
            max_ttl_s: self.limit(limits, "max_ttl_s", all, default.max_ttl_s),
            max_token_chars: self.limit(limits, "max_token_chars", chars, default.max_token_chars),
        }
    }

    /// A number in its range; `default` when it is not given, or has a fault.
    fn limit<T: TryFrom<u64>>(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        range: RangeInclusive<u64>,
        default: T,
    ) -> T {
        let Some(given) = table.get(name) else { return default };
        let key = format!("ticket_limits.{name}");
        let number = given.get_ref().as_integer();
        let number =
            number.and_then(|number| i128::from_str_radix(number.as_str(), number.radix()).ok());
        let Some(value) = number else {
            self.wrong_type(&key, given, "a whole number");
            return default;
        };
        let (key, min, max) = (KeyText::new(&key), *range.start(), *range.end());
        if value > i128::from(max) {
            self.fault(given.span(), ManifestFault::AboveMaximum { key, value, max });
        } else if value < i128::from(min) {
            self.fault(given.span(), ManifestFault::BelowMinimum { key, value, min });
        }
        u64::try_from(value).ok().and_then(|value| T::try_from(value).ok()).unwrap_or(default)
    }
}
