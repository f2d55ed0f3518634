//! `validators.json`: ids, tickets, expirations.

use carnet_ticket::id::UniqueId;
use carnet_ticket::ticket::Ticket;
use carnet_ticket::time::{Expiration, Timestamp};
use serde_json::{Value, json};

use crate::runner::{self, Input, Outcome, error, variant};

const OPS: &[(&str, runner::Op)] = &[
    ("unique_id", unique_id),
    ("unique_id_json", unique_id_json),
    ("ticket", ticket),
    ("ticket_decode", ticket_decode),
    ("expiration_cmp", expiration_cmp),
    ("expiration_at", expiration_at),
    ("expiration_wire", expiration_wire),
];

/// Promise: V-1, V-2, V-3, V-5
#[test]
fn vectors_validators() {
    runner::run("validators.json", OPS);
}

fn unique_id(input: &mut Input) -> Outcome {
    let id = match input.text("kind").as_str() {
        "text" => UniqueId::from(input.text("text").as_str()),
        "hash" => UniqueId::hash(&input.bytes("bytes_hex")),
        "derive" => {
            let base = UniqueId::from_hex(&input.text("base")).expect("the base is an id");
            base.derive(input.bytes("info_hex"))
        }
        "uint" | "int" => integer(input.number("bits"), &input.text("value")),
        "parts" => {
            let parts = input.take("parts_hex");
            let parts: Vec<_> = parts.as_array().unwrap().iter().map(unhex).collect();
            UniqueId::from_parts(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
        }
        other => panic!("unknown kind {other}"),
    };
    Ok(json!({ "id": id }))
}

fn integer(bits: u64, value: &str) -> UniqueId {
    let signed = || value.parse::<i128>().unwrap();
    match (bits, value.starts_with('-')) {
        (8, false) => UniqueId::from_u8(value.parse().unwrap()),
        (16, false) => UniqueId::from_u16(value.parse().unwrap()),
        (32, false) => UniqueId::from_u32(value.parse().unwrap()),
        (64, false) => UniqueId::from_u64(value.parse().unwrap()),
        (128, false) => UniqueId::from_u128(value.parse().unwrap()),
        (8, true) => UniqueId::from_i8(signed().try_into().unwrap()),
        (16, true) => UniqueId::from_i16(signed().try_into().unwrap()),
        (32, true) => UniqueId::from_i32(signed().try_into().unwrap()),
        (64, true) => UniqueId::from_i64(signed().try_into().unwrap()),
        (128, true) => UniqueId::from_i128(signed()),
        _ => panic!("{bits} bits"),
    }
}

fn unique_id_json(input: &mut Input) -> Outcome {
    match serde_json::from_str::<UniqueId>(&input.text("json")) {
        Ok(id) => Ok(json!({ "id": id })),
        Err(_) => Err(error("InvalidId")),
    }
}

fn ticket(input: &mut Input) -> Outcome {
    let class = UniqueId::from(input.text("class").as_str());
    let ticket = Ticket::new(class, input.bytes("data_hex").into());
    assert_eq!(Ticket::decode(&ticket.encode()).as_ref(), Ok(&ticket));
    Ok(json!({ "id": ticket.id(), "postcard_hex": hex::encode(ticket.encode()) }))
}

fn ticket_decode(input: &mut Input) -> Outcome {
    let ticket =
        Ticket::decode(&input.bytes("postcard_hex")).map_err(|fault| error(&variant(&fault)))?;
    Ok(
        json!({ "class": ticket.class(), "data_hex": hex::encode(ticket.data()), "id": ticket.id() }),
    )
}

fn expiration_cmp(input: &mut Input) -> Outcome {
    let (a, b) = (expiration(input.take("a")), expiration(input.take("b")));
    Ok(json!({ "order": format!("{:?}", a.cmp(&b)) }))
}

fn expiration_at(input: &mut Input) -> Outcome {
    let expiration = expiration(input.take("expiration"));
    let now = Timestamp::from_rfc3339(&input.text("now")).expect("now is RFC 3339");
    let remaining = expiration.remaining_at(now).map(|left| left.as_millis());
    Ok(json!({ "expired": expiration.is_expired_at(now), "remaining_ms": remaining }))
}

fn expiration_wire(input: &mut Input) -> Outcome {
    let expiration = expiration(input.take("expiration"));
    assert_eq!(Expiration::decode(&expiration.encode()), Ok(expiration));
    Ok(json!({ "postcard_hex": hex::encode(expiration.encode()) }))
}

fn expiration(value: Value) -> Expiration {
    match value {
        Value::Null => Expiration::Never,
        value => Expiration::At(Timestamp::from_rfc3339(value.as_str().unwrap()).unwrap()),
    }
}

fn unhex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}
