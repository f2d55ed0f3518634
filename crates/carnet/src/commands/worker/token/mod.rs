//! `carnet worker token`.

pub mod inspect;
mod mint;
mod rotation_plan;
pub mod verify;

use std::path::Path;

use carnet_ticket::worker_token::HmacKey;
use secrecy::{ExposeSecret, SecretString};

use crate::cli::worker::{TokenArgs, TokenCommand};
use crate::connect::Surroundings;
use crate::failure::Failure;
use crate::files;
use crate::given;
use crate::output::Format;

/// The variables with a signing key, first to last.
const KEY_VARIABLES: [&str; 2] =
    ["CARNET_AUTH_WORKER_SIGNING_KEY", "STACYVM_AUTH_WORKER_SIGNING_KEY"];

/// Mints a token, or reads one.
pub fn run(args: TokenArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    match args.command {
        None => mint::run(&args.mint, surroundings),
        Some(TokenCommand::Inspect { token }) => inspect::show(&given::text(&token)?, Format::Json),
        Some(TokenCommand::Verify { token, judge, worker }) => {
            refuse_key_argument(worker.signing_key.as_deref())?;
            let format = judge.format.unwrap_or(Format::Json);
            verify::run(&given::text(&token)?, &judge, &worker, format, surroundings)
        }
        Some(TokenCommand::RotationPlan { new_key_ref, previous_key_ref, ttl, format }) => {
            rotation_plan::run(new_key_ref, previous_key_ref, ttl, format)
        }
    }
}

/// Refuses a key in an argument, without repeating it.
pub fn refuse_key_argument(given: Option<&str>) -> Result<(), Failure> {
    match given {
        None => Ok(()),
        Some(_) => Err(Failure::Usage(
            "a key is never an argument, where every process can read it: use --signing-key-file"
                .to_owned(),
        )),
    }
}

/// The HMAC key of a file.
fn key_file(path: &Path) -> Result<HmacKey, Failure> {
    hmac_key(&files::key(path)?).map_err(|error| files::unusable(path, error))
}

/// The signing key of a variable.
fn key_variable(surroundings: &Surroundings) -> Option<SecretString> {
    let said = KEY_VARIABLES.iter().find_map(|name| surroundings.variable(name));
    said.map(SecretString::from)
}

fn hmac_key(text: &SecretString) -> Result<HmacKey, carnet_ticket::worker_token::MintError> {
    HmacKey::from_text(text.expose_secret())
}
