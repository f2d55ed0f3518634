//! streaming.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use reqwest::{Response, Upgraded};
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::support::Fleet;
use crate::workers::streaming;

/// The next server-sent event, framed once and alone.
async fn event(response: &mut Response) -> Option<Value> {
    let mut text = Vec::new();
    while !text.ends_with(b"\n\n") {
        text.extend_from_slice(&response.chunk().await.unwrap()?);
    }
    let text = String::from_utf8(text).unwrap();
    let data = text.strip_prefix("data: ").unwrap().strip_suffix("\n\n").unwrap();
    assert!(!data.contains('\n'), "one line: {text:?}");
    Some(serde_json::from_str(data).unwrap())
}

fn moment(event: &Value) -> i64 {
    let text = event["timestamp"].as_str().unwrap();
    carnet_ticket::time::Timestamp::from_rfc3339(text).unwrap().0
}

/// Promise: K-64
#[tokio::test]
async fn a_text_comes_in_chunks_every_100_ms() {
    let fleet = Fleet::start(streaming::worker(0)).await;
    let body = json!({ "content": "one two\nthree  four five", "chunk_size": 2 });
    let mut response =
        fleet.send("/stream/text", "application/json", body.to_string().into()).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut events = Vec::new();
    while let Some(event) = event(&mut response).await {
        events.push(event);
        fleet.advance(Duration::from_millis(100));
    }
    let contents = events.iter().map(|event| event["content"].as_str().unwrap());
    assert_eq!(contents.collect::<Vec<_>>(), ["one two", "three four", "five"]);
    let lasts = events.iter().map(|event| event["is_last"].as_bool().unwrap());
    assert_eq!(lasts.collect::<Vec<_>>(), [false, false, true]);
    let ids = events.iter().map(|event| event["chunk_id"].as_u64().unwrap());
    assert_eq!(ids.collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(moment(&events[2]) - moment(&events[0]), 200);
}

/// Promise: K-64
#[tokio::test]
async fn events_come_every_five_seconds() {
    let fleet = Fleet::start(streaming::worker(0)).await;
    let mut response = fleet.stream("/events").await;
    let first = event(&mut response).await.unwrap();
    fleet.advance(Duration::from_secs(5));
    let second = event(&mut response).await.unwrap();
    assert_eq!((first["event_id"].clone(), second["event_id"].clone()), (json!(0), json!(1)));
    assert_eq!(moment(&second) - moment(&first), 5000);
}

#[tokio::test]
async fn texts_that_cannot_be_streamed_are_refused() {
    let fleet = Fleet::start(streaming::worker(0)).await;
    let cases = [
        (json!({ "content": "x", "chunk_size": 0 }), 400),
        (json!({ "content": "x", "chunk_size": 10_001 }), 400),
        (json!({ "content": " \n" }), 400),
        (json!({ "content": 1 }), 422),
        (json!({ "content": "x".repeat(2 << 20) }), 413),
    ];
    for (body, status) in cases {
        let answer = fleet.post("/stream/text", "application/json", body.to_string().into()).await;
        assert_eq!(answer.status, status);
        assert!(answer.json()["detail"].is_string());
    }
}

/// Somebody at the worker's WebSocket.
struct Guest(WebSocketStream<Upgraded>);

impl Guest {
    async fn enter(fleet: &Fleet) -> Self {
        let request = fleet
            .http1
            .get(fleet.url("/ws"))
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 101);
        let stream = response.upgrade().await.unwrap();
        let mut guest = Self(WebSocketStream::from_raw_socket(stream, Role::Client, None).await);
        assert_eq!(guest.hears().await["type"], "welcome");
        guest
    }

    async fn says(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn hears(&mut self) -> Value {
        let message = self.0.next().await.unwrap().unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }
}

/// Promise: K-64
#[tokio::test]
async fn what_one_says_all_hear() {
    let fleet = Fleet::start(streaming::worker(0)).await;
    let (mut ada, mut ben) = (Guest::enter(&fleet).await, Guest::enter(&fleet).await);
    ada.says(r#"{"hello":"all"}"#).await;
    let response = ada.hears().await;
    assert_eq!(response["type"], "response");
    assert_eq!(response["original"], json!({ "hello": "all" }));
    for guest in [&mut ada, &mut ben] {
        let broadcast = guest.hears().await;
        assert_eq!(broadcast["type"], "broadcast");
        assert_eq!(broadcast["message"], json!({ "hello": "all" }));
    }
}

/// Promise: K-64
#[tokio::test]
async fn what_is_not_json_is_an_error_to_its_sender_alone() {
    let fleet = Fleet::start(streaming::worker(0)).await;
    let (mut ada, mut ben) = (Guest::enter(&fleet).await, Guest::enter(&fleet).await);
    let error = json!({ "type": "error", "message": "Invalid JSON format" });
    for text in ["{", "", &"[".repeat(50_000)] {
        ada.says(text).await;
        assert_eq!(ada.hears().await, error);
    }
    ada.0.send(Message::binary(vec![0xff, 0xfe])).await.unwrap();
    assert_eq!(ada.hears().await, error);
    ben.says("1").await;
    assert_eq!(ben.hears().await["type"], "response");
    assert_eq!(ada.hears().await["type"], "broadcast");
    ada.says(&"x".repeat(70_000)).await;
    assert!(ada.0.next().await.is_none_or(|message| message.is_err()), "too long: it ends");
    assert_eq!(ben.hears().await["type"], "broadcast");
    ben.says("2").await;
    assert_eq!(ben.hears().await["original"], 2);
}
