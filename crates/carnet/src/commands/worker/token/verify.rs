//! `carnet worker token verify`: whether a token counts, with keys from here.

use carnet_config::Config;
use carnet_gate::Clock;
use carnet_ticket::worker_token::{
    self, Audience, RingFull, WorkerKeys, WorkerToken, WorkerTokenError, jwks,
};

use super::inspect::Shown;
use super::{hmac_key, key_file, key_variable};
use crate::cli::credential::{JudgeArgs, WorkerJudge};
use crate::connect::Surroundings;
use crate::failure::Failure;
use crate::files;
use crate::output::{self, Format};

/// Judges a token: with the keys of flags alone, else with those of variable and configuration.
pub fn run(
    token: &str,
    judge: &JudgeArgs,
    args: &WorkerJudge,
    format: Format,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let audience = audience(judge)?;
    // Ids that it withdraws count whatever keys are given: a configuration with faults is not passed over.
    let config = surroundings.config(judge.config.as_deref(), judge.data_dir.as_deref())?;
    let keys = keys(judge, args, &config, surroundings)?;
    if keys.is_empty() {
        return Err(Failure::CouldNotRun("no verification key".to_owned()).into());
    }
    let revoked = config.auth.worker_revoked_token_ids.iter().chain(&args.revoked_token_id);
    let keys = keys.with_revoked_ids(revoked.map(String::as_str));
    let profile = config.profile.of_worker_tokens();
    let profile = judge.profile.unwrap_or(profile);
    let now = judge.at.unwrap_or_else(|| Clock::System.now());
    let denied = |error: WorkerTokenError| Failure::denied(error.code(), error);
    let verified = worker_token::verify(token, &keys, profile, audience, now).map_err(denied)?;
    check_bearer(&verified, args, &keys).map_err(denied)?;
    let said = worker_token::inspect(token).map_err(denied)?;
    let shown = Shown::verified(said, &verified);
    Ok(output::show(format, &shown, output::document)?)
}

fn audience(judge: &JudgeArgs) -> Result<Option<Audience>, Failure> {
    match &*judge.audience {
        [] => Ok(None),
        [one] => {
            let expected =
                || Failure::Usage("--audience is worker:control-plane or worker:rpc".to_owned());
            Audience::parse(one).map(Some).ok_or_else(expected)
        }
        _ => Err(Failure::Usage("a worker token is for one audience".to_owned())),
    }
}

fn check_bearer(
    token: &WorkerToken,
    args: &WorkerJudge,
    keys: &WorkerKeys,
) -> Result<(), WorkerTokenError> {
    if args.worker_id.as_ref().is_some_and(|worker| *worker != token.worker_id) {
        return Err(WorkerTokenError::WorkerIdMismatch);
    }
    if token.token_id.as_deref().is_some_and(|id| keys.revokes(id)) {
        return Err(WorkerTokenError::Revoked);
    }
    Ok(())
}

fn keys(
    judge: &JudgeArgs,
    args: &WorkerJudge,
    config: &Config,
    surroundings: &Surroundings,
) -> Result<WorkerKeys, Failure> {
    let too_many = |error: RingFull| Failure::CouldNotRun(error.to_string());
    let files = args.signing_key_file.iter().chain(&args.verification_key_file);
    let mut hmac = files.map(|path| key_file(path)).collect::<Result<Vec<_>, _>>()?;
    if hmac.is_empty() && judge.jwks_file.is_none() {
        let variable = key_variable(surroundings);
        let ring = variable.iter().chain(config.auth.worker_signing_ring());
        hmac = ring
            .map(hmac_key)
            .collect::<Result<_, _>>()
            .map_err(|error| Failure::CouldNotRun(error.to_string()))?;
    }
    let keys = WorkerKeys::new().with_hmac(hmac).map_err(too_many)?;
    let Some(path) = &judge.jwks_file else { return Ok(keys) };
    let set = jwks::read(&files::key_set(path)?).map_err(|error| files::unusable(path, error))?;
    keys.with_public(set).map_err(too_many)
}
