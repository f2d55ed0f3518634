//! `carnet ticket mint`.

mod capability;
mod jwt;

use carnet_authority::mint::Issue;
use carnet_ticket::capability::{TicketToken, content_id};
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::Timestamp;
use serde_json::Value;

use super::shown;
use crate::cli::ticket::MintCommand;
use crate::connect::Surroundings;
use crate::failure::Failure;
use crate::output::{self, Format};

/// The longest ticket that Cohesix clients take, characters.
const COHESIX_LEN_MAX: usize = 224;

/// Makes a ticket and prints it.
pub async fn run(command: MintCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        MintCommand::Capability(args) => capability::run(&args, surroundings).await,
        MintCommand::Jwt(args) => jwt::run(*args),
    }
}

/// What a mint here is recorded as, if anybody recorded it.
pub fn issue(now: Timestamp) -> Result<Issue<'static>, Failure> {
    let id = Ulid::new(now, random()?);
    Ok(Issue { id, issued_by: "local", tenant_id: None, request_id: "", now })
}

/// Random bytes.
pub fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::CouldNotRun(format!("no random bytes: {error}")))?;
    Ok(bytes)
}

/// Prints a capability ticket that was just made.
pub fn show_capability(token: &str, entry: Option<&Value>, format: Format) -> anyhow::Result<()> {
    if token.len() > COHESIX_LEN_MAX {
        let len = token.len();
        eprintln!("note: {len} characters; Cohesix clients take at most {COHESIX_LEN_MAX}");
    }
    if format == Format::Text {
        return Ok(output::line(token)?);
    }
    let unreadable = |error| Failure::CouldNotRun(format!("what was minted is no ticket: {error}"));
    let claims = TicketToken::decode_unverified(token).map_err(unreadable)?;
    let id = content_id(token).map_err(unreadable)?;
    let ticket = shown::Capability::minted(token, id, &claims).with_entry(entry);
    Ok(output::show(format, &ticket, shown::text)?)
}
