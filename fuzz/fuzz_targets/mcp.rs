//! What is said to the tools of the content store.

#![no_main]

use carnet_realm::mcp::{Call, Message, RpcError, parse, reply, reply_error};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|data: &[u8]| {
    let value = serde_json::from_slice::<Value>(data);
    match parse(data) {
        Ok(Message::Request(request)) => {
            let value = value.expect("what was read is JSON");
            assert!(request.id.is_string() || request.id.is_number());
            assert_eq!((&value["id"], &value["method"]), (&request.id, &json!(request.method)));
            let answer = reply(&request.id, &json!({}));
            assert_eq!((&answer["id"], answer.get("error")), (&request.id, None));
            match Call::parse(request.params) {
                Ok(Call::Write(write)) => {
                    // Four characters of base64 are three bytes: what comes in bounds what is held.
                    assert!(write.content.len() <= data.len());
                }
                Ok(Call::GetTicket(_) | Call::Read(_)) => {}
                Err(error) => assert_eq!(error.code(), -32602),
            }
        }
        Ok(Message::Notification) => {
            assert!(value.is_ok_and(|value| value.get("id").is_none()));
        }
        Err(error) => {
            assert_eq!(error == RpcError::Parse, value.is_err());
            assert_eq!(reply_error(None, error)["id"], Value::Null);
        }
    }
});
