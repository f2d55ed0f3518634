//! `carnet ticket mint jwt`: signed with a key from a file.

use std::time::Duration;

use carnet_gate::Clock;
use carnet_ticket::jwt::{self, JwtTicketBuilder};
use carnet_ticket::time::Expiration;

use super::super::shown;
use super::random;
use crate::cli::ticket::JwtArgs;
use crate::commands::keys::file;
use crate::failure::Failure;
use crate::output::{self, Format};

/// Signs a token and prints it.
pub fn run(args: JwtArgs) -> anyhow::Result<()> {
    let key = file::signing(&args.key_file, args.alg)?;
    let kid = args.kid.or_else(|| key.verifying_key().kid().map(str::to_owned));
    let now = Clock::System.now();
    let life = args.ttl.0.map(Duration::from_secs);
    let expires = life.map_or(Expiration::Never, |life| Expiration::after(now, life));
    let token_id = match args.token_id {
        Some(id) => id,
        None => hex::encode(random::<16>()?),
    };
    let token = JwtTicketBuilder::new(key)
        .subject(args.subject)
        .issued_at(now)
        .expires_at(expires)
        .token_id(token_id);
    let token = kid.into_iter().fold(token, JwtTicketBuilder::key_id);
    let token = args.issuer.into_iter().fold(token, JwtTicketBuilder::issuer);
    let token = args.audience.into_iter().fold(token, JwtTicketBuilder::audience);
    let begin = args.not_before.map(|delay| now.after(delay));
    let token = begin.into_iter().fold(token, JwtTicketBuilder::not_before);
    let claims = args.claim.into_iter();
    let token = claims.fold(token, |token, (name, value)| token.claim(name, value));
    let text = token.sign().map_err(|error| Failure::Check(error.to_string()))?;
    eprintln!("note: signed with a key from here: no ledger knows this token");
    if args.format == Format::Text {
        return Ok(output::line(&text)?);
    }
    let said = jwt::inspect(&text).map_err(|error| Failure::denied(error.code(), error))?;
    let id = jwt::content_id(&text);
    let shown = shown::Jwt::minted(&text, id, said.header(), said.claims(), expires);
    Ok(output::show(args.format, &shown, shown::text)?)
}
