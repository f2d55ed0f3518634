//! Moments as people read them.

use carnet_ticket::time::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// `2026-11-26 08:00:00 UTC` of a moment in RFC 3339.
pub(super) fn absolute(moment: &str) -> String {
    match (moment.get(..10), moment.get(11..19)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => moment.to_owned(),
    }
}

/// How far a moment in RFC 3339 is from `now`, in its largest unit.
pub(super) fn relative(moment: &str, now: Timestamp) -> String {
    let Some(at) = Timestamp::from_rfc3339(moment) else { return String::new() };
    let is_ahead = at > now;
    let seconds = if is_ahead { at.since(now) } else { now.since(at) }.as_secs();
    let far = match seconds {
        0 => return "now".to_owned(),
        1..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        _ => format!("{} d", seconds / DAY),
    };
    if is_ahead { format!("in {far}") } else { format!("{far} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_absolutely_and_by_how_far_they_are() {
        let now = Timestamp(1_700_000_000_000);
        let told = |ms: i64| relative(&Timestamp(now.0 + ms).to_string(), now);
        assert_eq!(absolute(&now.to_string()), "2023-11-14 22:13:20 UTC");
        assert_eq!([told(0), told(59_000), told(-61_000)], ["now", "in 59 s", "1 min ago"]);
        assert_eq!([told(7_200_000), told(-200_000_000)], ["in 2 h", "2 d ago"]);
        assert_eq!([absolute("é"), relative("never", now)], ["é", ""]);
    }
}
