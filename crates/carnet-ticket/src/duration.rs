//! [`parse_duration`]: durations as people write them.

use std::time::Duration;

/// A duration in Go's grammar, `(number unit)+` or `0`, with `d` for days; never negative.
pub fn parse_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let number_len =
            rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, after) = rest.split_at(number_len);
        let unit_len = after.find(|character: char| character.is_ascii_digit() || character == '.');
        let (unit, after) = after.split_at(unit_len.unwrap_or(after.len()));
        total = total.checked_add(scaled(number, unit_nanos(unit)?)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

fn unit_nanos(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        _ => return None,
    })
}

/// `number` of so many nanoseconds each, exactly; a fraction of a nanosecond is dropped.
fn scaled(number: &str, nanos: u64) -> Option<Duration> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || fraction.len() > 18 {
        return None;
    }
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut total = whole.checked_mul(u128::from(nanos))?;
    if !fraction.is_empty() {
        let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
        total += fraction.parse::<u128>().ok()? * u128::from(nanos) / scale;
    }
    u64::try_from(total).ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos_grammar_with_days() {
        let table = [
            ("0", Some(0)),
            ("1h30m", Some(5_400_000)),
            ("1.5s", Some(1_500)),
            (".5s", Some(500)),
            ("500ms", Some(500)),
            ("1d", Some(86_400_000)),
            ("1h1h", Some(7_200_000)),
            ("", None),
            ("5", None),
            ("-1s", None),
            ("1 s", None),
            ("1w", None),
            ("s", None),
            ("1..5s", None),
            ("999999999999999h", None),
        ];
        for (text, ms) in table {
            assert_eq!(parse_duration(text), ms.map(Duration::from_millis), "{text:?}");
        }
        assert_eq!(parse_duration("1us"), Some(Duration::from_micros(1)));
        assert_eq!(parse_duration("3µs"), Some(Duration::from_micros(3)));
    }
}
