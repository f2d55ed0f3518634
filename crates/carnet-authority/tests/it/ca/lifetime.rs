//! How long certificates live, and when they are renewed.

use std::time::Duration;

use carnet_authority::ca::{Lifetime, Schedule, ScheduleError};
use carnet_ticket::time::Timestamp;
use proptest::prelude::*;

#[test]
fn a_life_is_5_minutes_to_90_days() {
    let of = |seconds| Lifetime::new(Duration::from_secs(seconds)).map(Lifetime::as_secs);
    assert_eq!((of(299), of(300)), (Err(ScheduleError::TtlTooShort), Ok(300)));
    assert_eq!((of(7_776_000), of(7_776_001)), (Ok(7_776_000), Err(ScheduleError::TtlTooLong)));
    assert_eq!(of(u64::MAX), Err(ScheduleError::TtlTooLong));
    assert_eq!(Lifetime::new(Duration::from_millis(300_999)).map(Lifetime::as_secs), Ok(300));
    assert_eq!(Lifetime::default().duration(), Duration::from_hours(24));
}

proptest! {
    #[test]
    fn what_is_due_comes_in_order(life in 300_u32..=7_776_000, jitter: u32, at in 0..2_000_000_000_i64) {
        let life = Lifetime::new(Duration::from_secs(life.into())).unwrap();
        let issued_at = Timestamp::from_unix_s(at);
        let jitter = Duration::from_secs(u64::from(jitter) % (u64::from(life.as_secs()) / 20 + 1));
        let due = Schedule::new(issued_at, life, jitter).unwrap();
        prop_assert!(issued_at < due.renew_at && due.renew_at <= due.renew_after);
        prop_assert!(due.renew_after < due.degraded_at && due.degraded_at < due.unhealthy_at);
        let too_much = Duration::from_secs(u64::from(life.as_secs()) / 20 + 1);
        prop_assert_eq!(Schedule::new(issued_at, life, too_much), Err(ScheduleError::JitterOutOfRange));
    }
}
