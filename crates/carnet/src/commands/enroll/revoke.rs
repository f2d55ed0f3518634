//! `carnet enroll revoke`.

use carnet_realm::client::{Client, ClientError};
use carnet_ticket::enrollment::EnrollmentId;
use reqwest::Method;
use serde_json::json;

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::output;

/// Withdraws an enrollment.
pub async fn run(
    id: EnrollmentId,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    delete(&client, &id.to_string()).await?;
    let value = json!({ "id": id.to_string(), "status": "revoked" });
    Ok(output::show(server.format, &value, |_| format!("revoked {id}"))?)
}

/// Withdraws the enrollment of this id, or of the token whose secret has this SHA-256.
pub async fn delete(client: &Client, named: &str) -> Result<(), ClientError> {
    let path = format!("/api/v1/admin/enrollments/{named}");
    client.call(Method::DELETE, &path, None).await.map(drop)
}
