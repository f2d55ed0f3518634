//! Capability tickets, as texts and as payloads under a MAC that holds.

#![no_main]

use carnet_ticket::capability::{TicketError, TicketIssuer, TicketToken};
use carnet_ticket::verify::Profile;
use fuzz::SECRET;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        let issuer = TicketIssuer::new(SECRET);
        assert!(TicketToken::decode(text, &issuer.key()).is_err(), "no text has a MAC by chance");
        let _ = TicketToken::decode_unverified(text);
    }
    payload(data);
});

fn payload(payload: &[u8]) {
    let issuer = TicketIssuer::new(SECRET);
    let key = *blake3::hash(SECRET.as_bytes()).as_bytes();
    let mut mac = *blake3::keyed_hash(&key, payload).as_bytes();
    let text =
        |mac: &[u8; 32]| format!("cohesix-ticket-{}.{}", hex::encode(payload), hex::encode(mac));
    let good = text(&mac);
    let decode = |profile| TicketToken::decode_any(&good, &[issuer.key()], profile);
    let (strict, compat) = (decode(Profile::Strict), decode(Profile::Compat));
    if strict.is_ok() {
        assert_eq!(strict, compat, "strict takes nothing else than compat does");
    }
    let claims = TicketToken::decode_unverified(&good);
    assert_eq!(claims.is_ok(), compat.is_ok());
    let Ok(token) = compat else { return };
    assert_eq!(claims.as_ref(), Ok(token.claims()), "a MAC changes nothing that is said");
    assert_eq!(token.encode().as_deref(), Ok(&*good), "what decodes encodes to the same text");
    assert_eq!(
        TicketToken::decode(
            &good.to_uppercase().replace("COHESIX-TICKET-", "cohesix-ticket-"),
            &issuer.key()
        )
        .as_ref(),
        Ok(&token)
    );
    let again = issuer.issue(token.claims().clone()).expect("what was read can be written");
    let again = again.encode().and_then(|text| TicketToken::decode(&text, &issuer.key()));
    assert_eq!(again.expect("and read again").claims(), token.claims());

    mac[31] ^= 1;
    let forged = TicketToken::decode(&text(&mac), &issuer.key());
    assert_eq!(forged, Err(TicketError::MacMismatch));
}
