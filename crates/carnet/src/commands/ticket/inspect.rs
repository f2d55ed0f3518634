//! `carnet ticket inspect`: what a ticket says, believed by nobody.

use carnet_ticket::capability::{self, TicketToken};
use carnet_ticket::jwt;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Class;
use serde_json::Value;

use super::{malformed, shown};
use crate::failure::Failure;
use crate::output::{self, Format};

/// Tells what a capability ticket or JWT says.
pub fn run(token: &str, format: Format) -> anyhow::Result<()> {
    if Class::of_text(token) == Some(Class::Jwt) {
        jwt(token, format)
    } else {
        capability(token, format)
    }
}

/// Tells what a capability ticket says.
pub fn capability(token: &str, format: Format) -> anyhow::Result<()> {
    let claims = TicketToken::decode_unverified(token).map_err(malformed)?;
    let id = capability::content_id(token).map_err(malformed)?;
    let ticket = shown::Capability::read(token, id, &claims, false);
    Ok(output::show(format, &ticket, shown::text)?)
}

/// Tells what a JWT says.
pub fn jwt(token: &str, format: Format) -> anyhow::Result<()> {
    let said = jwt::inspect(token).map_err(|error| Failure::denied(error.code(), error))?;
    let end = said.claims().get("exp").and_then(Value::as_i64).map(Timestamp::from_unix_s);
    let expires = end.map_or(Expiration::Never, Expiration::At);
    let id = jwt::content_id(token);
    let token = shown::Jwt::read(id, said.header(), said.claims(), expires, false);
    Ok(output::show(format, &token, shown::text)?)
}
