//! `carnet ca revoke`.

use carnet_authority::ca::Serial;
use carnet_realm::client::{Client, ClientError};
use carnet_ticket::identity::Member;
use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::output;

/// Revokes a certificate, or a member with everything that it has.
pub async fn run(
    what: &str,
    reason: Option<&str>,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let answer = if let Ok(serial) = what.parse() {
        certificate(&client, serial, reason).await?
    } else {
        let expected = "expected a serial number of 32 hex digits, or KIND/NAME";
        let named = what.parse().map_err(|_| Failure::Usage(expected.to_owned()))?;
        member(&client, &named, reason).await?
    };
    Ok(output::show(server.format, &answer, text)?)
}

/// Revokes a certificate.
pub async fn certificate(
    client: &Client,
    serial: Serial,
    reason: Option<&str>,
) -> Result<Value, ClientError> {
    let path = format!("/api/v1/admin/certificates/{serial}/revoke");
    client.call(Method::POST, &path, Some(&json!({ "reason": reason }))).await
}

/// Revokes everything that a member has, and quarantines it.
pub async fn member(
    client: &Client,
    member: &Member,
    reason: Option<&str>,
) -> Result<Value, ClientError> {
    let path = format!("/api/v1/admin/ca/identities/{member}/revoke");
    client.call(Method::POST, &path, Some(&json!({ "reason": reason }))).await
}

/// What was revoked, as an answer tells it.
pub fn text(answer: &Value) -> String {
    let certificate = &answer["certificate"];
    if certificate.is_object() {
        let (serial, subject) = (&certificate["serial"], &certificate["subject"]);
        return format!("revoked {} of {}", output::text(serial), output::text(subject));
    }
    let serials = answer["revoked"].as_array().map_or(0, Vec::len);
    let member = output::text(&answer["member"]);
    format!(
        "revoked {serials} certificates of {member}; it is quarantined until carnet ca release {member}"
    )
}
