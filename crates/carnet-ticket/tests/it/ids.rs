//! Properties of ids, tickets and expirations that vectors cannot show.

use carnet_ticket::id;
use carnet_ticket::id::UniqueId;
use carnet_ticket::ticket::{InvalidTicket, Ticket, TicketError};
use carnet_ticket::time::{Expiration, Timestamp};
use proptest::prelude::*;

/// Promise: V-1
#[test]
fn literals_hash_at_compile_time_as_texts_do_at_run_time() {
    const ID: UniqueId = id!("my-app.auth");
    assert_eq!(ID, UniqueId::from("my-app.auth"));
    let hex = "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff";
    assert_eq!(
        id!("00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff"),
        UniqueId::from(hex),
    );
    assert_eq!(carnet_ticket::unique_id!("a"), "a".parse().unwrap());
    assert_eq!(UniqueId::from("a").hashed(), UniqueId::hash(UniqueId::from("a").as_bytes()));
}

/// Promise: V-2
#[test]
fn json_ids_are_64_hex_digits_or_an_error() {
    let id = UniqueId::hash(b"x");
    assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{id}\""));
    assert_eq!(serde_json::from_str::<UniqueId>(&format!("\"{id}\"")).unwrap(), id);
    for wrong in ["\"my-app.auth\"", "\"\"", "7", "null", "[0]", "\"zz\""] {
        assert!(serde_json::from_str::<UniqueId>(wrong).is_err(), "{wrong}");
    }
}

/// Promise: V-4
#[test]
fn ticket_data_is_never_shown() {
    let ticket = Ticket::new(id!("a.class"), "sesame-secret".into());
    let expected = format!("Ticket({}, 13 bytes)", id!("a.class"));
    assert_eq!(ticket.to_string(), expected);
    assert_eq!(format!("{ticket:?}"), expected);
    assert!(!format!("{ticket:#?}").contains("sesame"));
}

/// Promise: V-6
#[test]
fn invalid_ticket_says_nothing() {
    assert_eq!(InvalidTicket.to_string(), "InvalidTicket");
    assert_eq!(size_of::<InvalidTicket>(), 0);
}

/// Promise: V-3
#[test]
fn over_long_lengths_and_left_over_bytes_are_malformed() {
    let class = [7; 32];
    let wire = |tail: &[u8]| [&class[..], tail].concat();
    for tail in [&[][..], &[0x80], &[0x81, 0x00, 1], &[1], &[1, 1, 1], &[0x80; 12]] {
        assert_eq!(Ticket::decode(&wire(tail)), Err(TicketError::Malformed), "{tail:?}");
    }
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    assert!(matches!(Ticket::decode(&wire(&huge)), Err(TicketError::TooLarge { .. })));
}

proptest! {
    /// Promise: V-3
    #[test]
    fn tickets_round_trip_and_random_bytes_never_panic(class: [u8; 32], data: Vec<u8>, noise: Vec<u8>) {
        let ticket = Ticket::new(UniqueId::from_bytes(class), data.into());
        prop_assert_eq!(Ticket::decode(&ticket.encode()), Ok(ticket.clone()));
        prop_assert_eq!(ticket.id(), ticket.class().derive(ticket.data()));
        let _ = Ticket::decode(&noise);
        let _ = Expiration::decode(&noise);
    }

    /// Promise: V-5
    #[test]
    fn expirations_order_by_time_and_end_at_their_moment(a in 0_i64..253_402_300_799_999, b in 0_i64..253_402_300_799_999) {
        let (at_a, at_b) = (Expiration::At(Timestamp(a)), Expiration::At(Timestamp(b)));
        prop_assert_eq!(at_a.cmp(&at_b), a.cmp(&b));
        prop_assert!(at_a < Expiration::Never);
        prop_assert_eq!(at_a.is_expired_at(Timestamp(b)), a <= b);
        prop_assert_eq!(at_a.remaining_at(Timestamp(b)).is_none(), a <= b);
        prop_assert!(!Expiration::Never.is_expired_at(Timestamp::MAX));
        prop_assert_eq!(Expiration::decode(&at_a.encode()), Ok(at_a));
    }
}
