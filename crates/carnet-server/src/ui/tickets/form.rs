//! What the forms of **Mint ticket** send, as the body that `POST /api/v1/admin/tickets` takes: what is wrong with it is
//! found there.

use serde_json::{Map, Value, json};

use crate::problem::Problem;
use crate::ui::fields::Fields;

/// The fields of one scope of a capability ticket.
pub(super) struct Line {
    pub(super) path: &'static str,
    pub(super) verb: &'static str,
    pub(super) rate: &'static str,
}

/// The scopes that the form has lines for.
pub(super) const LINES: [Line; 4] = [
    Line { path: "path1", verb: "verb1", rate: "rate1" },
    Line { path: "path2", verb: "verb2", rate: "rate2" },
    Line { path: "path3", verb: "verb3", rate: "rate3" },
    Line { path: "path4", verb: "verb4", rate: "rate4" },
];

/// The body that a form asks for.
pub(super) fn body(fields: &Fields) -> Result<Value, Problem> {
    let body = match fields.shown("class") {
        "worker-token" => worker_token(fields),
        "jwt" => jwt(fields)?,
        _ => capability(fields)?,
    };
    Ok(Value::Object(body))
}

fn worker_token(fields: &Fields) -> Map<String, Value> {
    let mut body = texts(fields, &["worker_id", "ttl", "audience", "not_before"]);
    body.insert("class".to_owned(), "worker-token".into());
    let scopes: Vec<_> = fields.all("scope").map(Value::from).collect();
    body.insert("scopes".to_owned(), scopes.into());
    body
}

fn jwt(fields: &Fields) -> Result<Map<String, Value>, Problem> {
    let mut body = texts(fields, &["subject", "ttl", "not_before", "token_id"]);
    body.insert("class".to_owned(), "jwt".into());
    body.insert("audience".to_owned(), fields.shown("audience").split_whitespace().collect());
    if let Some(claims) = fields.text("claims") {
        let claims: Value =
            serde_json::from_str(claims).map_err(|_| Problem::invalid("Json", "claims"))?;
        body.insert("claims".to_owned(), claims);
    }
    Ok(body)
}

fn capability(fields: &Fields) -> Result<Map<String, Value>, Problem> {
    let mut body = texts(fields, &["role", "subject"]);
    body.insert("class".to_owned(), "capability".into());
    let budget = numbers(fields, &["ticks", "ops", "ttl_s"])?;
    if !budget.is_empty() {
        body.insert("budget".to_owned(), budget.into());
    }
    let quotas = ["bandwidth_bytes", "cursor_resumes", "cursor_advances"];
    body.insert("quotas".to_owned(), numbers(fields, &quotas)?.into());
    if let (Some(service), Some(at)) = (fields.text("service"), fields.text("at")) {
        body.insert("mount".to_owned(), json!({ "service": service, "at": at }));
    }
    let mut scopes = Vec::new();
    for Line { path, verb, rate } in LINES {
        let Some(path) = fields.text(path) else { continue };
        let mut numbers = numbers(fields, &[rate])?;
        let rate = numbers.remove(rate).unwrap_or(0.into());
        scopes.push(json!({ "path": path, "verb": fields.shown(verb), "rate_per_s": rate }));
    }
    body.insert("scopes".to_owned(), scopes.into());
    Ok(body)
}

/// The fields that say something.
fn texts(fields: &Fields, names: &[&str]) -> Map<String, Value> {
    let said = names.iter().filter_map(|name| Some((*name, fields.text(name)?)));
    said.map(|(name, text)| (name.to_owned(), text.into())).collect()
}

/// The same of whole numbers.
fn numbers(fields: &Fields, names: &[&str]) -> Result<Map<String, Value>, Problem> {
    let said = names.iter().filter_map(|name| Some((*name, fields.text(name)?)));
    let numbers = said.map(|(name, text)| {
        let number: u64 = text.parse().map_err(|_| Problem::invalid("Number", name))?;
        Ok((name.to_owned(), number.into()))
    });
    numbers.collect()
}
