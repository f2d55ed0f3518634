//! [`Operation`]: what a route takes and gives, and how it is written down.

use serde_json::{Map, Value, json};

use super::{refusals, schema, security};
use crate::frame::is_realm_tree;
use crate::routes::Route;

/// What a route takes and gives, beyond what its path and its access say.
pub(super) struct Operation {
    summary: &'static str,
    query: Vec<(&'static str, Value)>,
    headers: Vec<(&'static str, Value)>,
    body: Option<Value>,
    answers: Vec<(u16, Value)>,
    links: Map<String, Value>,
    refusals: Vec<u16>,
}

/// An operation that does this.
pub(super) fn op(summary: &'static str) -> Operation {
    Operation {
        summary,
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        answers: Vec::new(),
        links: Map::new(),
        refusals: Vec::new(),
    }
}

impl Operation {
    /// It takes this in the query.
    pub(super) fn query(mut self, name: &'static str, schema: Value) -> Self {
        self.query.push((name, schema));
        self.refuses(&[400])
    }

    /// It takes this in a header.
    pub(super) fn header(mut self, name: &'static str, schema: Value) -> Self {
        self.headers.push((name, schema));
        self
    }

    /// It gives a list by pages.
    pub(super) fn paged(self) -> Self {
        self.query("limit", schema::limit()).query("cursor", schema::cursor())
    }

    /// It takes a JSON body.
    pub(super) fn takes(self, schema: &Value) -> Self {
        self.body("application/json", schema, true)
    }

    /// It takes a JSON body, or none.
    pub(super) fn may_take(self, schema: &Value) -> Self {
        self.body("application/json", schema, false)
    }

    /// It takes bytes.
    pub(super) fn takes_bytes(self) -> Self {
        self.body("application/octet-stream", &schema::bytes(), true)
    }

    /// It gives JSON.
    pub(super) fn gives(self, status: u16, schema: &Value) -> Self {
        self.gives_as(status, "application/json", schema)
    }

    /// It gives something else.
    pub(super) fn gives_as(self, status: u16, content_type: &str, schema: &Value) -> Self {
        self.gives_any(status, &json!({ content_type: { "schema": schema } }))
    }

    /// It gives one of several things, by content type.
    pub(super) fn gives_any(mut self, status: u16, content: &Value) -> Self {
        self.answers.push((status, json!({ "description": "Done.", "content": content })));
        self
    }

    /// It gives no body.
    pub(super) fn gives_nothing(mut self, status: u16, description: &str) -> Self {
        self.answers.push((status, json!({ "description": description })));
        self
    }

    /// A field of what it gives is what these routes take in their paths.
    pub(super) fn names(mut self, field: &str, parameter: &str, routes: &[(&str, &str)]) -> Self {
        for (method, path) in routes {
            let id = operation_id(method, path);
            let parameters =
                json!({ format!("path.{parameter}"): format!("$response.body#/{field}") });
            self.links.insert(id.clone(), json!({ "operationId": id, "parameters": parameters }));
        }
        self
    }

    /// It refuses with these too.
    pub(super) fn refuses(mut self, statuses: &[u16]) -> Self {
        self.refusals.extend(statuses);
        self
    }

    fn body(mut self, content_type: &str, schema: &Value, is_required: bool) -> Self {
        let content = json!({ content_type: { "schema": schema } });
        self.body = Some(json!({ "required": is_required, "content": content }));
        self.refuses(&[400, 413])
    }

    /// As OpenAPI writes it, for a route.
    pub(super) fn render(mut self, route: &Route) -> Value {
        let tree = match route.path {
            path if is_realm_tree(path) => "RealmError",
            path if path.starts_with("/api/v1/worker/") => "WorkerError",
            _ => "Error",
        };
        let own = std::mem::take(&mut self.refusals);
        let mut responses = Map::new();
        for status in refusals(route).iter().chain(&own).chain(&[500, 503]) {
            responses.insert(status.to_string(), refusal(*status, tree));
        }
        for (status, mut answer) in std::mem::take(&mut self.answers) {
            if !self.links.is_empty() {
                answer["links"] = Value::from(self.links.clone());
            }
            responses.insert(status.to_string(), answer);
        }
        let mut operation = json!({
            "operationId": operation_id(route.method, route.path),
            "summary": self.summary,
            "tags": [tag(route.path)],
            "security": security(route),
            "parameters": self.parameters(&path(route)),
            "responses": responses,
        });
        if let Some(body) = self.body {
            operation["requestBody"] = body;
        }
        operation
    }

    fn parameters(&self, path: &str) -> Vec<Value> {
        let parameter = |place: &str, name: &str, schema: &Value| json!({ "in": place, "name": name, "required": place == "path", "schema": schema });
        let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let in_path = names.map(|name| parameter("path", name, &schema::in_path(path, name)));
        let in_query = self.query.iter().map(|(name, schema)| parameter("query", name, schema));
        let headers = self.headers.iter().map(|(name, schema)| parameter("header", name, schema));
        in_path.chain(in_query).chain(headers).collect()
    }
}

/// The path of a route: OpenAPI has no word for a parameter that is several parts.
pub(super) fn path(route: &Route) -> String {
    route.path.replace("{*", "{")
}

fn refusal(status: u16, tree: &str) -> Value {
    let description = match status {
        400 => "The request is not valid.",
        401 => "No credential, or none that counts.",
        403 => "Not allowed.",
        404 => "Not found.",
        409 => "The state does not allow it.",
        410 => "The ticket has ended.",
        413 => "The body is too large, or a quota does not allow it.",
        416 => "The node has no such bytes.",
        429 => "Too many requests.",
        503 => "Try again later.",
        _ => "Something went wrong on the server.",
    };
    let text = |name: &str| (name.to_owned(), json!({ "schema": { "type": "string" } }));
    let headers = match status {
        401 => vec![text("WWW-Authenticate")],
        429 => ["Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]
            .map(text)
            .to_vec(),
        503 => vec![text("Retry-After")],
        _ => Vec::new(),
    };
    json!({
        "description": description,
        "headers": Map::from_iter(headers),
        "content": { "application/json": { "schema": schema::named(tree) } },
    })
}

/// `get_api_realm_tickets_by_ticket`: the method and the path in words.
fn operation_id(method: &str, path: &str) -> String {
    let mut id = method.to_ascii_lowercase();
    for part in path.split(['/', '.', '-']).filter(|part| !part.is_empty()) {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        id.push('_');
        id.push_str(&name.map_or_else(|| part.to_owned(), |name| format!("by_{name}")));
    }
    id
}

/// The noun of a path.
fn tag(path: &str) -> &str {
    let trees = ["/api/v1/admin/", "/api/v1/", "/api/realm/{realm}/", "/api/", "/"];
    let rest = trees.into_iter().find_map(|tree| path.strip_prefix(tree)).unwrap_or(path);
    rest.split('/').next().unwrap_or(rest)
}
