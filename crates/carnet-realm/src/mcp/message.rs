//! Messages: one at a time, no batches.

use serde_json::{Value, json};

/// The version of the protocol that is spoken.
pub const PROTOCOL: &str = "2024-11-05";

/// What was received.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Something that wants an answer.
    Request(Request),
    /// Something that wants none.
    Notification,
}

/// Something that wants an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What the answer is told by: a text or a number.
    pub id: Value,
    /// What is asked for.
    pub method: String,
    /// What it is asked with; null when there is nothing.
    pub params: Value,
}

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// The body is not JSON.
    #[error("not JSON")]
    Parse,
    /// It is JSON, and not one request.
    #[error("not a request of JSON-RPC 2.0; batches are not taken")]
    Invalid,
    /// There is no such method.
    #[error("no such method")]
    Method,
    /// There is no such tool.
    #[error("no such tool")]
    Tool,
    /// The arguments are not those that it takes.
    #[error("the arguments are not those that the tool takes")]
    Arguments,
    /// Something went wrong on the server.
    #[error("something went wrong on the server")]
    Internal,
}

impl RpcError {
    /// The number in answers.
    pub const fn code(self) -> i32 {
        match self {
            Self::Parse => -32700,
            Self::Invalid => -32600,
            Self::Method => -32601,
            Self::Tool | Self::Arguments => -32602,
            Self::Internal => -32603,
        }
    }
}

/// Reads a body.
pub fn parse(bytes: &[u8]) -> Result<Message, RpcError> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| RpcError::Parse)?;
    let Value::Object(mut members) = value else { return Err(RpcError::Invalid) };
    let is_version = members.get("jsonrpc").is_some_and(|version| version == "2.0");
    let Some(Value::String(method)) = members.remove("method").filter(|_| is_version) else {
        return Err(RpcError::Invalid);
    };
    match members.remove("id") {
        None => Ok(Message::Notification),
        Some(id @ (Value::String(_) | Value::Number(_))) => {
            let params = params(members.remove("params"))?;
            Ok(Message::Request(Request { id, method, params }))
        }
        Some(_) => Err(RpcError::Invalid),
    }
}

/// Parameters have names, or a place in a list; no method here takes a list.
fn params(given: Option<Value>) -> Result<Value, RpcError> {
    match given {
        None => Ok(Value::Null),
        Some(params @ (Value::Object(_) | Value::Array(_))) => Ok(params),
        Some(_) => Err(RpcError::Invalid),
    }
}

/// The answer to `id`.
pub fn reply(id: &Value, result: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "result": result })
}

/// The answer to `id`, or to nobody knows what, that there is no result.
pub fn reply_error(id: Option<&Value>, error: RpcError) -> Value {
    let told = json!({ "code": error.code(), "message": error.to_string() });
    json!({ "jsonrpc": "2.0", "id": id, "error": told })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> i32 {
        parse(text.as_bytes()).unwrap_err().code()
    }

    #[test]
    fn what_is_no_single_request_is_told_apart() {
        assert_eq!(fault("{"), -32700);
        assert_eq!(fault(""), -32700);
        for text in [
            "[]",
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
            "null",
            "{}",
            r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
            r#"{"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":[],"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":7}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        ] {
            assert_eq!(fault(text), -32600, "{text}");
        }
    }

    #[test]
    fn requests_keep_their_id_and_notifications_have_none() {
        for id in ["7", "1.5", "\"a\""] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
            let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
            assert_eq!((request.id.to_string().as_str(), request.params), (id, Value::Null));
        }
        let told = parse(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        assert_eq!(told, Ok(Message::Notification));
    }
}
