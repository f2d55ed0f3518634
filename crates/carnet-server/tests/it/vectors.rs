//! `realm-nodes.json`: the rules of tickets and scope, through HTTP.

use std::collections::HashMap;

use carnet_realm::node::{self, Encoded, Limits};
use carnet_ticket::realm::NodeKey;
use serde_json::{Value, json};

use crate::runner::{self, Input, Outcome};
use crate::support::{Answer, As, Server, file, text};

const OPS: &[(&str, runner::Op)] = &[
    ("ticket-state", |input| run(ticket_state, input)),
    ("scope-read", |input| run(scope_read, input)),
    ("scope-reference", |input| run(scope_reference, input)),
    ("quota", |input| run(quota, input)),
];

#[test]
fn vectors_realm_nodes() {
    runner::run("realm-nodes.json", OPS);
}

/// Runs a case on a server of its own.
fn run(op: impl AsyncFnOnce(Server, &mut Input) -> Outcome, input: &mut Input) -> Outcome {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        op(Server::start_with(&[("realm.node_limit", "4MiB")]).await, input).await
    })
}

/// What an answer is to a vector: its status, or its code.
fn outcome(answer: &Answer) -> Outcome {
    let status = answer.status.as_u16();
    let body = answer.json();
    if answer.status.is_success() {
        Ok(json!({ "status": status }))
    } else {
        Err(json!({ "error": body["error"], "status": status }))
    }
}

async fn ticket_state(server: Server, input: &mut Input) -> Outcome {
    let ticket = input.take("ticket");
    let request = input.text("request");
    let node = text("input");
    server.put_node(As::Api, &node).await.expect(200);
    let is_set = |name: &str| ticket[name].as_bool().unwrap_or(false);
    let writable = if is_set("writable") { json!({}) } else { json!(null) };
    let expires_at = ticket["expires_at"].as_i64().unwrap();
    let body = json!({ "input": [node.key], "writable": writable, "expiresIn": expires_at / 1000 });
    let id = if is_set("never_issued") {
        "ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC".to_owned()
    } else {
        server.ticket(As::Api, body).await
    };
    if ticket["output"].is_string() {
        server.commit(&id, node.key).await.expect(200);
    }
    if is_set("is_revoked") {
        server.revoke(As::Api, &id).await.expect(200);
    }
    let path = format!("/api/realm/self/tickets/{id}");
    if is_set("deleted") {
        server.delete(As::Api, &path).await.expect(200);
    }
    let elapsed = u64::try_from(ticket["now"].as_i64().unwrap()).unwrap();
    server.hand.advance(std::time::Duration::from_millis(elapsed));
    let own = As::Ticket(&id);
    let answer = match request.as_str() {
        "read" => server.get_node(own, node.key).await,
        "put" => server.put_node(own, &text("upload")).await,
        "commit" => server.commit(&id, node.key).await,
        "commit-by-user" => {
            server.post(As::Api, &format!("{path}/commit"), &json!({ "output": node.key })).await
        }
        "revoke-by-issuer" => server.revoke(As::Api, &id).await,
        "revoke-by-itself" => server.revoke(own, "self").await,
        "get-by-issuer" => server.get(As::Api, &path).await,
        "delete-by-user" => server.delete(As::Api, &path).await,
        "revoke-by-other-agent" => {
            let agent = server.agent_token(As::Api).await.0;
            server.revoke(As::Agent(&agent), &id).await
        }
        "delete-by-agent" => {
            let agent = server.agent_token(As::Api).await.0;
            server.delete(As::Agent(&agent), &path).await
        }
        other => panic!("unknown request {other}"),
    };
    let mut outcome = outcome(&answer)?;
    let seen = server.get(As::Api, &path).await.json();
    outcome["ticket_status"] = seen["status"].clone();
    Ok(outcome)
}

/// The nodes of a graph: directories of their children, files at the bottom.
struct Graph {
    nodes: HashMap<String, Encoded>,
    /// Children before parents.
    order: Vec<String>,
}

impl Graph {
    fn new(graph: &Value) -> Self {
        let mut built = Self { nodes: HashMap::new(), order: Vec::new() };
        let graph = graph.as_object().unwrap();
        graph.keys().for_each(|name| built.build(graph, name));
        built
    }

    fn build(&mut self, graph: &serde_json::Map<String, Value>, name: &str) {
        if self.nodes.contains_key(name) {
            return;
        }
        let children: Vec<_> =
            graph[name].as_array().unwrap().iter().map(|child| child.as_str().unwrap()).collect();
        children.iter().for_each(|child| self.build(graph, child));
        let node = if children.is_empty() {
            text(name)
        } else {
            // Its own name keeps it apart from another with the same children.
            let entries = children
                .iter()
                .map(|child| (format!("{name} {child}"), self.nodes[*child].key))
                .collect();
            node::encode_dict(entries, &Limits::default()).unwrap()
        };
        self.nodes.insert(name.to_owned(), node);
        self.order.push(name.to_owned());
    }

    fn key(&self, name: &str) -> NodeKey {
        match name {
            "EMPTY" => NodeKey::EMPTY_DICT,
            name => self.nodes.get(name).map_or_else(|| text(name).key, |node| node.key),
        }
    }

    /// Stores everything in the realm, except what only the ticket is said to upload.
    async fn store(&self, server: &Server, uploads: &[String]) {
        for name in self.order.iter().filter(|name| !uploads.contains(name)) {
            // What is above an upload comes with it.
            server.put_node(As::Api, &self.nodes[name]).await;
        }
    }

    /// Uploads under the ticket, and before each what is below it and the ticket does not have.
    async fn upload(&self, server: &Server, ticket: &str, uploads: &[String]) {
        for name in self.order.iter().filter(|name| uploads.contains(name)) {
            let answer = server.put_node(As::Ticket(ticket), &self.nodes[name]).await;
            let missing = answer.json()["details"]["missing"].clone();
            for below in self.nodes.values().filter(|node| {
                missing.as_array().is_some_and(|keys| keys.contains(&json!(node.key)))
            }) {
                server.put_node(As::Ticket(ticket), below).await.expect(200);
            }
            server.put_node(As::Ticket(ticket), &self.nodes[name]).await.expect(200);
        }
    }
}

fn names(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect()
}

async fn prepare(server: &Server, graph: &Graph, ticket: &Value) -> String {
    let uploads = names(&ticket["uploads"]);
    graph.store(server, &uploads).await;
    let input: Option<Vec<_>> = ticket["input"]
        .as_array()
        .map(|_| names(&ticket["input"]).iter().map(|name| graph.key(name)).collect());
    let id = server.ticket(As::Api, json!({ "input": input, "writable": {} })).await;
    graph.upload(server, &id, &uploads).await;
    if let Some(output) = ticket["output"].as_str() {
        server.commit(&id, graph.key(output)).await.expect(200);
    }
    id
}

async fn scope_read(server: Server, input: &mut Input) -> Outcome {
    let graph = Graph::new(&input.take("graph"));
    let ticket = input.take("ticket");
    let key = graph.key(&input.text("key"));
    let id = prepare(&server, &graph, &ticket).await;
    for output in names(&ticket["descendant_outputs"]) {
        let path = format!("/api/realm/self/tickets/{id}/children");
        let made = server.post(As::Api, &path, &json!({ "writable": {} })).await.expect(200).json();
        let child = made["ticketId"].as_str().unwrap();
        graph.upload(&server, child, std::slice::from_ref(&output)).await;
        server.commit(child, graph.key(&output)).await.expect(200);
    }
    outcome(&server.get_node(As::Ticket(&id), key).await)
}

async fn scope_reference(server: Server, input: &mut Input) -> Outcome {
    let graph = Graph::new(&input.take("graph"));
    let ticket = input.take("ticket");
    input.take("well_known");
    let children = names(&input.take("children"));
    let id = prepare(&server, &graph, &ticket).await;
    let entries = children.iter().map(|child| (child.clone(), graph.key(child))).collect();
    // Names are in order of the keys' names, which is the order of the request.
    let mut parent = node::encode_dict(entries, &Limits::default()).unwrap();
    if children.len() > 1 {
        let ordered = children
            .iter()
            .enumerate()
            .map(|(at, child)| (format!("{at}"), graph.key(child)))
            .collect();
        parent = node::encode_dict(ordered, &Limits::default()).unwrap();
    }
    let answer = server.put_node(As::Ticket(&id), &parent).await;
    let body = answer.json();
    let name_of =
        |key: &Value| children.iter().find(|child| json!(graph.key(child)) == *key).unwrap();
    outcome(&answer).map_err(|mut error| {
        let missing = body["details"]["missing"].as_array().unwrap();
        error["missing"] = missing.iter().map(name_of).map(String::as_str).collect();
        error
    })
}

async fn quota(server: Server, input: &mut Input) -> Outcome {
    let body = json!({ "input": [], "writable": { "quota": input.maybe("quota") } });
    let (mut results, mut refused) = (Vec::new(), None);
    let id = server.ticket(As::Api, body).await;
    for put in input.take("puts").as_array().unwrap() {
        let (name, size) =
            (put[0].as_str().unwrap(), usize::try_from(put[1].as_u64().unwrap()).unwrap());
        let node = sized(name, size);
        if name.starts_with("realm") {
            server.put_node(As::Api, &node).await.expect(200);
        }
        let answer = server.put_node(As::Ticket(&id), &node).await;
        results.push(answer.status.as_u16());
        if answer.status != 200 {
            refused = Some(answer.json()["error"].clone());
        }
    }
    match refused {
        None => Ok(json!({ "results": results })),
        Some(code) => Err(json!({ "error": code, "results": results })),
    }
}

/// A node of exactly `size` bytes that is like no other name's.
fn sized(name: &str, size: usize) -> Encoded {
    let seed = name.as_bytes()[name.len() - 1];
    let limits = Limits::default();
    match size {
        16..80 => node::encode_successor(&[], &vec![seed; size - 16], &limits).unwrap(),
        _ => file("a/b", &vec![seed; size - 80]),
    }
}
