//! `carnet ticket revoke`.

use carnet_ticket::realm::Ulid;
use reqwest::Method;
use serde_json::json;

use crate::cli::ServerArgs;
use crate::cli::credential::RevokeArgs;
use crate::commands::revoke;
use crate::connect::{self, Surroundings};
use crate::given;
use crate::output;

/// Ends a ticket by its id in the ledger, or what else names it.
pub async fn run(
    what: &str,
    reason: Option<String>,
    server: ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let text = given::text(what)?;
    if text.parse::<Ulid>().is_err() {
        let args = RevokeArgs { what: what.to_owned(), reason, preview: false, server };
        return revoke::one(&text, &args, surroundings).await;
    }
    let body = reason.map_or_else(|| json!({}), |reason| json!({ "reason": reason }));
    let client = connect::client(&server, surroundings)?;
    let path = format!("/api/v1/admin/tickets/{text}/revoke");
    let answer = client.call(Method::POST, &path, Some(&body)).await?;
    Ok(output::show(server.format, &answer, revoke::revoked)?)
}
