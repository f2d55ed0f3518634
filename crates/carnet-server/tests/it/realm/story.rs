//! The seven steps of a tool: what this is all for.

use carnet_ticket::realm::NodeKey;
use serde_json::json;

use crate::support::{As, Server, text};

/// Promise: R-31
#[tokio::test(flavor = "multi_thread")]
async fn a_tool_with_nothing_but_its_ticket_reads_its_input_and_gives_one_result() {
    let server = Server::start().await;
    let input = text("the question");
    server.put_node(As::Api, &input).await.expect(200);
    let body =
        json!({ "input": [input.key], "purpose": "answer it", "writable": { "quota": 1000 } });
    let ticket = server.ticket(As::Api, body).await;
    let tool = As::Ticket(&ticket);

    let seen = server.get(tool, "/api/realm/self/tickets/self").await.expect(200).json();
    assert_eq!((&seen["status"], &seen["purpose"]), (&"issued".into(), &"answer it".into()));
    let root: NodeKey = seen["input"][0].as_str().unwrap().parse().unwrap();
    assert_eq!(server.get_node(tool, root).await.expect(200).bytes, input.bytes);

    let output = text("the answer");
    server.put_node(tool, &output).await.expect(200);
    let committed = server.commit(&ticket, output.key).await.expect(200).json();
    assert_eq!(
        committed,
        json!({ "success": true, "status": "committed", "output": output.key, "isRevoked": false })
    );

    let result =
        server.get(As::Api, &format!("/api/realm/self/tickets/{ticket}")).await.expect(200).json();
    assert_eq!((&result["status"], &result["output"]), (&"committed".into(), &json!(output.key)));
    assert_eq!(server.get_node(As::Api, output.key).await.expect(200).bytes, output.bytes);
}
