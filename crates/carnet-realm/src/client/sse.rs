//! [`Events`]: server-sent events, one by one.

use reqwest::Response;
use serde_json::Value;

use super::ClientError;

/// The longest event that is read.
const EVENT_LEN_MAX: usize = 1 << 20;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerEvent {
    /// What it is called.
    pub name: String,
    /// Its id; empty for none.
    pub id: String,
    /// What it says.
    pub data: Value,
}

/// The events of an answer, as they come.
pub(super) struct Events {
    response: Response,
    text: Vec<u8>,
}

impl Events {
    pub(super) fn of(response: Response) -> Self {
        Self { response, text: Vec::new() }
    }

    /// The next event; none when there are no more.
    pub(super) async fn next(&mut self) -> Result<Option<ServerEvent>, ClientError> {
        loop {
            while let Some(end) = self.text.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.text.drain(..end + 2).collect();
                if let Some(event) = read(&String::from_utf8_lossy(&block))? {
                    return Ok(Some(event));
                }
            }
            if self.text.len() > EVENT_LEN_MAX {
                return Err(ClientError::BadAnswer);
            }
            match self.response.chunk().await.map_err(ClientError::Network)? {
                Some(chunk) => self.text.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}

/// The event that lines make; none of comments alone.
fn read(block: &str) -> Result<Option<ServerEvent>, ClientError> {
    let (mut name, mut id, mut data) = (String::new(), String::new(), String::new());
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut name),
            "id" => value.clone_into(&mut id),
            "data" => data.push_str(value),
            _ => {}
        }
    }
    if data.is_empty() {
        return Ok(None);
    }
    let data = serde_json::from_str(&data).map_err(|_| ClientError::BadAnswer)?;
    Ok(Some(ServerEvent { name, id, data }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_its_fields_and_a_comment_is_none() {
        let event = read("event: state\nid: 7\ndata: {\"seq\":7}\n\n").unwrap().unwrap();
        let expected =
            ServerEvent { name: "state".into(), id: "7".into(), data: json!({ "seq": 7 }) };
        assert_eq!(event, expected);
        assert_eq!(read(": alive\n\n").unwrap(), None);
        assert!(read("data: {\n\n").is_err());
    }
}
