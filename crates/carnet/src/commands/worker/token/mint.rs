//! `carnet worker token <worker-id>`: minted with a key from here.

use std::path::Path;
use std::time::Duration;

use carnet_authority::mint::{self, Minted, WorkerSigner, WorkerTokenRequest};
use carnet_config::{Config, WorkerTokenVersion};
use carnet_gate::Clock;
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{Format, HmacKey, LIFETIME_MAX};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::{hmac_key, key_file, key_variable, refuse_key_argument};
use crate::cli::worker::{MintArgs, TokenFormat};
use crate::commands::ticket::{issue, random};
use crate::connect::Surroundings;
use crate::failure::Failure;
use crate::files;
use crate::output;

/// A token that was minted, as it is shown.
#[derive(Serialize)]
struct Shown<'a> {
    token: &'a str,
    token_id: Option<String>,
    worker_id: String,
    audience: Option<String>,
    scopes: Vec<String>,
    key_id: String,
    issued_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    expires_at: Option<String>,
}

/// What the configuration says of minting.
struct Policy {
    profile: Profile,
    max_ttl: Duration,
    version: WorkerTokenVersion,
}

/// Mints a token and prints it.
pub fn run(args: &MintArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    refuse_key_argument(args.signing_key.as_deref())?;
    let usage = |text: &str| Failure::Usage(text.to_owned());
    let worker_id = args.worker_id.clone().ok_or_else(|| usage("which worker?"))?;
    let config = surroundings.config(args.config.as_deref(), args.data_dir.as_deref());
    let policy = Policy::of(args, config.as_ref(), surroundings)?;
    let hmac;
    let ed25519;
    let signer = match version(args, &policy) {
        Format::V1 => {
            hmac = signing_key(args, config, surroundings)?;
            WorkerSigner::V1(&hmac)
        }
        Format::V2 => {
            let path = args.ed25519_key_file.as_deref();
            let path = path.ok_or_else(|| usage("version 2 is signed with --ed25519-key-file"))?;
            ed25519 = ed25519_key(path)?;
            WorkerSigner::V2(&ed25519)
        }
    };
    let issue = issue(Clock::System.now())?;
    let request = request(args, worker_id)?;
    let minted = mint::worker_token(request, signer, policy.profile, policy.max_ttl, &issue)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    match args.format {
        TokenFormat::Token => Ok(output::line(minted.token.expose_secret())?),
        TokenFormat::Json => Ok(output::line(&serde_json::to_string_pretty(&Shown::of(&minted))?)?),
    }
}

fn request(args: &MintArgs, worker_id: String) -> Result<WorkerTokenRequest, Failure> {
    let token_id = match &args.token_id {
        Some(id) => id.clone(),
        None => hex::encode(random::<16>()?),
    };
    Ok(WorkerTokenRequest {
        worker_id,
        token_id,
        audience: args.audience.as_str().to_owned(),
        scopes: args.scope.iter().map(|scope| scope.as_str().to_owned()).collect(),
        ttl: args.ttl,
        not_before: args.not_before,
    })
}

impl Policy {
    /// A configuration with faults counts for as little as none, if it is not needed for its key: whoever holds the
    /// key can mint with it anyway.
    fn of(
        args: &MintArgs,
        config: Result<&Config, &Failure>,
        surroundings: &Surroundings,
    ) -> Result<Self, Failure> {
        let has_key = args.signing_key_file.is_some()
            || args.ed25519_key_file.is_some()
            || key_variable(surroundings).is_some();
        match config {
            Ok(config) => Ok(Self {
                profile: config.profile.of_worker_tokens(),
                max_ttl: config.auth.worker_token_max_ttl,
                version: config.tickets.worker_token_version,
            }),
            Err(error) if !has_key => Err(Failure::CouldNotRun(error.to_string())),
            Err(error) => {
                eprintln!("warning: {error}");
                let (max_ttl, version) = (LIFETIME_MAX, WorkerTokenVersion::ByKey);
                Ok(Self { profile: Profile::Strict, max_ttl, version })
            }
        }
    }
}

/// The version of the flag, else of the configuration, else by the keys there are.
fn version(args: &MintArgs, policy: &Policy) -> Format {
    let has_ed25519 = args.ed25519_key_file.is_some();
    let is_strict = policy.profile == Profile::Strict;
    match (args.version, policy.version) {
        (Some(1), _) | (None, WorkerTokenVersion::V1) => Format::V1,
        (Some(_), _) | (None, WorkerTokenVersion::V2) => Format::V2,
        (None, WorkerTokenVersion::ByKey) => {
            let is_v2 = has_ed25519 && (is_strict || args.signing_key_file.is_none());
            if is_v2 { Format::V2 } else { Format::V1 }
        }
    }
}

/// The HMAC key: of a file, a variable, or the configuration.
fn signing_key(
    args: &MintArgs,
    config: Result<Config, Failure>,
    surroundings: &Surroundings,
) -> Result<HmacKey, Failure> {
    if let Some(path) = &args.signing_key_file {
        return key_file(path);
    }
    let configured = || config.ok().and_then(|config| config.auth.worker_signing_key);
    let none = || {
        let text = "no signing key: name a file by --signing-key-file, or set auth.worker_signing_key_file";
        Failure::CouldNotRun(text.to_owned())
    };
    let text = key_variable(surroundings).or_else(configured).ok_or_else(none)?;
    hmac_key(&text).map_err(|error| Failure::CouldNotRun(error.to_string()))
}

/// PKCS#8 in PEM, or the seed in hex.
fn ed25519_key(path: &Path) -> Result<SigningKey, Failure> {
    let text = files::key(path)?;
    let text = text.expose_secret();
    let mut seed = [0; 32];
    let key = match hex::decode_to_slice(text, &mut seed) {
        Ok(()) => SigningKey::from_seed(&seed),
        Err(_) => SigningKey::from_pem(text.as_bytes()),
    };
    key.map_err(|error| files::unusable(path, error))
}

impl<'a> Shown<'a> {
    fn of(minted: &'a Minted) -> Self {
        let entry = &minted.entry;
        let shown = |moment: Timestamp| moment.to_string();
        Self {
            token: minted.token.expose_secret(),
            token_id: entry.token_id.clone(),
            worker_id: entry.subject.clone(),
            audience: entry.audience.clone(),
            scopes: entry.scopes.clone(),
            key_id: entry.key_id.to_string(),
            issued_at: shown(entry.issued_at),
            not_before: entry.not_before.map(shown),
            expires_at: entry.expires_at.moment().map(shown),
        }
    }
}
