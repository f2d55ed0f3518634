//! hello-world.

use serde_json::{Value, json};

use crate::support::{Fleet, WORKER_ID};
use crate::workers::hello_world;

async fn greet(fleet: &Fleet, body: &Value) -> (u16, Value) {
    let answer = fleet.post("/greet", "application/json", body.to_string().into()).await;
    (answer.status, answer.json())
}

/// Promise: K-63
#[tokio::test]
async fn greetings_are_stripped_reversed_raised_and_counted() {
    let fleet = Fleet::start(hello_world::worker(0)).await;
    let options = json!({ "reverse": true, "uppercase": true, "exclamations": 3 });
    let body = json!({ "message": " stra\u{df}e\n", "options": options });
    let (status, answer) = greet(&fleet, &body).await;
    assert_eq!((status, &answer["greeting"]), (200, &json!("Hello, ESSARTS!!!")));
    assert_eq!(answer["metadata"]["total_greetings"], 1);
    assert_eq!(answer["metadata"]["options_applied"], options);
    assert_eq!(greet(&fleet, &json!({ "message": " " })).await.0, 400);
    assert_eq!(greet(&fleet, &json!({ "message": "x" })).await.1["metadata"]["total_greetings"], 2);
    let expected = json!({ "total_greetings": 2, "worker_id": WORKER_ID, "capabilities": 1 });
    assert_eq!(fleet.get("/stats").await.json(), expected);
}

/// Promise: K-63
#[tokio::test]
async fn what_has_the_wrong_type_is_named() {
    let fleet = Fleet::start(hello_world::worker(0)).await;
    let fault = |body: Value| {
        let fleet = &fleet;
        async move {
            let (status, answer) = greet(fleet, &body).await;
            let fault = &answer["detail"][0];
            assert_eq!(status, 422, "{body}: {answer}");
            (fault["type"].clone(), fault["loc"].clone(), fault["input"].clone())
        }
    };
    let text = (json!("string_type"), json!(["body", "message"]), json!(7));
    assert_eq!(fault(json!({ "message": 7 })).await, text);
    let object = |loc: Value, input: Value| (json!("model_attributes_type"), loc, input);
    assert_eq!(fault(json!([1])).await, object(json!(["body"]), json!([1])));
    let options = json!({ "message": "x", "options": 1 });
    assert_eq!(fault(options).await, object(json!(["body", "options"]), json!(1)));
    for exclamations in [json!(11), json!(1.0), json!("1"), json!(true), Value::Null] {
        let body = json!({ "message": "x", "options": { "exclamations": exclamations } });
        let (status, answer) = greet(&fleet, &body).await;
        assert_eq!(status, 400, "{body}");
        assert_eq!(answer["detail"], "exclamations must be an integer between 0 and 10");
    }
    let long = json!({ "message": "x".repeat(100_000) });
    assert_eq!(greet(&fleet, &long).await.0, 413);
}
