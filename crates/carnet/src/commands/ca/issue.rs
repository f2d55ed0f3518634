//! `carnet ca issue`.

use reqwest::Method;
use serde_json::Value;

use crate::cli::ca::IssueArgs;
use crate::commands::enroll::certified_as;
use crate::connect::{self, Surroundings};
use crate::files;
use crate::output;

/// Has a signing request certified, and prints the certificate.
pub async fn run(args: &IssueArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let csr = files::request(&args.csr)?;
    let client = connect::client(&args.server, surroundings)?;
    let mut body = certified_as(&args.names);
    body.insert("csr".to_owned(), csr.into());
    body.insert("name".to_owned(), args.name.as_str().into());
    body.insert("kind".to_owned(), args.kind.as_str().into());
    let path = "/api/v1/admin/ca/issue";
    let answer = client.call(Method::POST, path, Some(&Value::Object(body))).await?;
    let certificate = |answer: &Value| output::text(&answer["certificate"]).trim_end().to_owned();
    output::show(args.server.format, &answer, certificate)?;
    eprintln!(
        "{} until {}, serial number {}",
        output::text(&answer["spiffe_id"]),
        output::text(&answer["expires_at"]),
        output::text(&answer["serial_number"])
    );
    Ok(())
}
