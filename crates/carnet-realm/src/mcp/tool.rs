//! The tools, and what they are called with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use carnet_ticket::realm::NodeKey;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::RpcError;

/// The largest file that is read whole.
pub const READ_MAX: u64 = 5 << 20;

/// A tool that is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `cas_get_ticket`.
    GetTicket(GetTicket),
    /// `cas_read`.
    Read(Read),
    /// `cas_write`.
    Write(Write),
}

/// Makes a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetTicket {
    /// What it may read.
    #[serde(deserialize_with = "one_or_many")]
    pub input: Vec<NodeKey>,
    /// Whether it may write.
    #[serde(default)]
    pub writable: bool,
    /// How long it counts, seconds.
    pub expires_in: Option<u64>,
}

/// Reads a file or a directory under a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Read {
    /// The realm.
    pub realm_id: String,
    /// The ticket.
    pub ticket_id: String,
    /// Where the path begins.
    pub key: NodeKey,
    /// Names of directories, and at its end of what is read.
    #[serde(default = "here")]
    pub path: String,
}

/// Writes a file under a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Write {
    /// The realm.
    pub realm_id: String,
    /// The ticket.
    pub ticket_id: String,
    /// The file's content.
    #[serde(deserialize_with = "base64")]
    pub content: Vec<u8>,
    /// The file's content type.
    pub content_type: String,
}

impl Call {
    /// Reads the parameters of `tools/call`.
    pub fn parse(mut params: Value) -> Result<Self, RpcError> {
        let arguments = params.get_mut("arguments").map_or(json!({}), Value::take);
        match params.get("name").and_then(Value::as_str) {
            Some("cas_get_ticket") => read(arguments).map(Self::GetTicket),
            Some("cas_read") => read(arguments).map(Self::Read),
            Some("cas_write") => read(arguments).map(Self::Write),
            _ => Err(RpcError::Tool),
        }
    }
}

fn read<'de, T: Deserialize<'de>>(arguments: Value) -> Result<T, RpcError> {
    // A list would be read as members in their order.
    if !arguments.is_object() {
        return Err(RpcError::Arguments);
    }
    T::deserialize(arguments).map_err(|_| RpcError::Arguments)
}

fn here() -> String {
    ".".to_owned()
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<NodeKey>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Input {
        One(NodeKey),
        Many(Vec<NodeKey>),
    }
    Ok(match Input::deserialize(deserializer)? {
        Input::One(key) => vec![key],
        Input::Many(keys) => keys,
    })
}

fn base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// What `tools/list` answers.
pub fn tools() -> Value {
    let text = |what: &str| json!({ "type": "string", "description": what });
    let (realm, ticket) = (text("The realm of the ticket."), text("The ticket."));
    json!({ "tools": [
        {
            "name": "cas_get_ticket",
            "description": "Make a ticket that reads the given nodes and what is below them.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "input": {
                        "description": "A node key, or a list of them.",
                        "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
                    },
                    "writable": { "type": "boolean", "description": "Whether files can be written under it." },
                    "expiresIn": { "type": "integer", "minimum": 1, "description": "Its life in seconds." },
                },
                "required": ["input"],
            },
        },
        {
            "name": "cas_read",
            "description": "Read a file of at most 5 MiB, or the entries of a directory as JSON.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "realmId": realm,
                    "ticketId": ticket,
                    "key": text("The node where the path begins."),
                    "path": text("Names of directories with slashes between; . is the node itself."),
                },
                "required": ["realmId", "ticketId", "key"],
            },
        },
        {
            "name": "cas_write",
            "description": "Write a file, and tell its key.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "realmId": realm,
                    "ticketId": ticket,
                    "content": text("The content in base64."),
                    "contentType": text("The content type, as image/png."),
                },
                "required": ["realmId", "ticketId", "content", "contentType"],
            },
        },
    ] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_those_of_the_tool_or_refused() {
        let key = NodeKey::EMPTY_DICT;
        let call = |name: &str, arguments: Value| {
            Call::parse(json!({ "name": name, "arguments": arguments }))
        };
        for input in [json!(key), json!([key])] {
            let made = call("cas_get_ticket", json!({ "input": input }));
            let wanted = GetTicket { input: vec![key], writable: false, expires_in: None };
            assert_eq!(made, Ok(Call::GetTicket(wanted)));
        }
        let read = json!({ "realmId": "self", "ticketId": "t", "key": key });
        let Ok(Call::Read(read)) = call("cas_read", read) else { panic!("it reads") };
        assert_eq!(read.path, ".");
        for (name, arguments) in [
            ("cas_get_ticket", json!({})),
            ("cas_get_ticket", json!({ "input": "node:x" })),
            ("cas_get_ticket", json!({ "input": key, "expiresIn": 1.5 })),
            ("cas_get_ticket", json!([key])),
            ("cas_read", json!({ "key": key })),
            (
                "cas_write",
                json!({ "realmId": "", "ticketId": "", "content": "%", "contentType": "" }),
            ),
        ] {
            assert_eq!(call(name, arguments), Err(RpcError::Arguments), "{name}");
        }
        for params in [json!({ "name": "rm" }), json!({}), json!([]), Value::Null] {
            assert_eq!(Call::parse(params), Err(RpcError::Tool));
        }
    }

    #[test]
    fn every_tool_that_is_listed_can_be_called() {
        let listed = tools();
        for tool in listed["tools"].as_array().unwrap() {
            let called = Call::parse(json!({ "name": tool["name"], "arguments": 7 }));
            assert_eq!(called, Err(RpcError::Arguments));
            assert!(tool["inputSchema"]["required"].is_array());
        }
    }
}
