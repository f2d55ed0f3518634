//! `carnet keys status`: who has which keys.

use carnet_ticket::id::KeyId;
use comfy_table::{Table, presets};
use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::output;

/// A member that was not heard of for so long is stale: three heartbeats of workers, as they are by default.
const STALE_S: f64 = 90.0;

/// Lists the members; exit 1 while one lacks the required key, or was not heard of.
pub async fn run(
    require: Option<KeyId>,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let answer = client.call(Method::GET, "/api/v1/admin/keys", None).await?;
    let shown = json!({ "fleet": answer["fleet"], "missing": answer["missing"] });
    output::show(server.format, &shown, table)?;
    require.map_or(Ok(()), |id| check(&answer, &id.to_string())).map_err(Into::into)
}

fn check(answer: &Value, id: &str) -> Result<(), Failure> {
    let mut keys = answer["keys"].as_array().into_iter().flatten();
    if !keys.any(|key| key["id"] == id) {
        return Err(Failure::Check(format!("there is no key {id}")));
    }
    let is_behind = |member: &&Value| {
        // The server says who has to have it: not everybody verifies with keys of every purpose.
        let mut missing = member["missing"].as_array().into_iter().flatten();
        let is_stale = member["age_s"].as_f64().is_none_or(|age| age > STALE_S);
        is_stale || missing.any(|missing| missing == id)
    };
    let fleet = answer["fleet"].as_array().into_iter().flatten();
    let behind: Vec<_> =
        fleet.filter(is_behind).map(|member| output::text(&member["member"])).collect();
    if behind.is_empty() {
        return Ok(());
    }
    let behind = behind.join(", ");
    Err(Failure::Check(format!("key {id} is missing at, or nothing is heard of: {behind}")))
}

fn table(value: &Value) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["MEMBER", "AGE", "KEYS", "MISSING"]);
    for member in value["fleet"].as_array().into_iter().flatten() {
        let age = format!("{} s", output::text(&member["age_s"]));
        let column = |name: &str| output::text(&member[name]);
        table.add_row([column("member"), age, column("key_ids"), column("missing")]);
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_required_key_is_everywhere_or_the_check_names_who_lacks_it() {
        let fleet = |members: Value| json!({ "keys": [{ "id": "a" }], "fleet": members });
        let member = |name: &str, missing: &[&str], age: Value| json!({ "member": name, "missing": missing, "age_s": age });
        let said =
            |members: Value| check(&fleet(members), "a").err().map(|error| error.to_string());
        assert_eq!(said(json!([member("w1", &["b"], json!(3))])), None);
        assert_eq!(said(json!([])), None);
        let without = said(json!([member("w1", &[], json!(1)), member("w2", &["a"], json!(1))]));
        assert!(without.is_some_and(|text| text.ends_with(": w2")));
        assert!(said(json!([member("w1", &[], json!(91))])).is_some(), "stale");
        assert!(said(json!([member("w1", &[], json!(null))])).is_some(), "of unknown age");
        assert!(check(&fleet(json!([])), "b").is_err(), "no such key");
    }
}
