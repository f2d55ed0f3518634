//! `carnet ticket verify`: whether a ticket counts, with keys from here.

use carnet_config::{Config, FileSecret};
use carnet_gate::Clock;
use carnet_ticket::capability::{AttachRequest, Capability, RoleKeys, TicketKey};
use carnet_ticket::jwt::{self, Jwt, JwtError, VerifyingKey};
use carnet_ticket::verify::{Bearer, Class, Profile};
use secrecy::ExposeSecret;

use super::{secrets, shown};
use crate::cli::credential::{CapabilityJudge, JudgeArgs, JwtJudge};
use crate::cli::ticket::VerifyArgs;
use crate::commands::keys::file;
use crate::connect::Surroundings;
use crate::failure::Failure;
use crate::given;
use crate::output;

/// Judges a capability ticket or JWT.
pub fn run(args: &VerifyArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let token = given::text(&args.token)?;
    let VerifyArgs { judge, capability: for_capability, jwt: for_jwt, .. } = args;
    if Class::of_text(&token) == Some(Class::Jwt) {
        refuse_flags("a JWT", &[for_capability.given()])?;
        return jwt(&token, judge, for_jwt, surroundings);
    }
    refuse_flags("a capability ticket", &[for_jwt.given()])?;
    capability(&token, judge, for_capability, surroundings)
}

/// Refuses flags of another class: who asks for a check has to get it.
pub fn refuse_flags(class: &str, given: &[Option<&'static str>]) -> Result<(), Failure> {
    match given.iter().flatten().next() {
        None => Ok(()),
        Some(flag) => Err(Failure::Usage(format!("{flag} says nothing of {class}"))),
    }
}

/// Judges a capability ticket as at an attach.
pub fn capability(
    token: &str,
    judge: &JudgeArgs,
    args: &CapabilityJudge,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let foreign = [
        (!judge.audience.is_empty()).then_some("--audience"),
        judge.jwks_file.is_some().then_some("--jwks-file"),
    ];
    refuse_flags("a capability ticket", &foreign)?;
    let needed = || Failure::Usage("--role is needed to judge a capability ticket".to_owned());
    let role = args.role.ok_or_else(needed)?;
    let data_dir = judge.data_dir.as_deref();
    let profile = secrets::profile(judge.profile, data_dir, surroundings)?;
    let (secret_file, manifest) = (args.secret_file.as_deref(), judge.config.as_deref());
    let places = secrets::Places::new(secret_file, manifest, data_dir, surroundings);
    let found = places.secrets(role).map_err(|error| secrets::failure(&error))?;
    let key = |secret: &secrecy::SecretString| TicketKey::from_secret(secret.expose_secret());
    let keys = RoleKeys::from([(role, found.iter().map(|found| key(&found.secret)).collect())]);
    let now = judge.at.unwrap_or_else(|| Clock::System.now());
    // Without a ticket the operator could attach; here a ticket is what is judged.
    let request = AttachRequest { role, identity: args.identity.as_deref(), token: Some(token) };
    let admitted = Capability::new(keys, places.limits()?, profile).admit(&request, now);
    let admitted = admitted.map_err(|error| Failure::denied(error.code(), error))?;
    let Some(ticket) = admitted.ticket else {
        return Err(Failure::Usage("there is no ticket".to_owned()).into());
    };
    let shown = shown::Capability::read(token, ticket.content_id, &ticket.claims, true);
    Ok(output::show(judge.format.unwrap_or_default(), &shown, shown::text)?)
}

/// Judges a JWT: with the keys of flags, else as the configuration says.
pub fn jwt(
    token: &str,
    judge: &JudgeArgs,
    args: &JwtJudge,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let validator = described(judge, args, surroundings)?;
    let now = judge.at.unwrap_or_else(|| Clock::System.now());
    let denied = |error: JwtError| Failure::denied(error.code(), error);
    let verified = validator.verify_text(token, &Bearer::nobody(), now).map_err(denied)?;
    let said = jwt::inspect(token).map_err(denied)?;
    let (id, expires) = (jwt::content_id(token), verified.expires());
    let shown = shown::Jwt::read(id, said.header(), verified.claims(), expires, true);
    Ok(output::show(judge.format.unwrap_or_default(), &shown, shown::text)?)
}

/// The judge that flags and the configuration describe.
fn described(
    judge: &JudgeArgs,
    args: &JwtJudge,
    surroundings: &Surroundings,
) -> Result<Jwt, Failure> {
    let config = || surroundings.config(judge.config.as_deref(), judge.data_dir.as_deref());
    let of_config = |config: &Config| config.profile.jwt.unwrap_or(config.profile.default);
    let (jwt, profile) = if args.key_file.is_some() || judge.jwks_file.is_some() {
        // Keys of flags stand alone: of the configuration the profile counts, unless a flag says it.
        let profile =
            judge.profile.map_or_else(|| config().map(|config| of_config(&config)), Ok)?;
        (validator(given_keys(judge, args)?)?.leeway(args.leeway.unwrap_or_default()), profile)
    } else {
        let config = config()?;
        let jwt = as_configured(validator(configured_keys(&config)?)?, &config, judge, args);
        (jwt, judge.profile.unwrap_or_else(|| of_config(&config)))
    };
    let jwt = args.issuer.iter().fold(jwt, Jwt::allow_issuer);
    let jwt = judge.audience.iter().fold(jwt, Jwt::allow_audience);
    let jwt = match &args.subject {
        Some(subject) => jwt.require_subject(subject),
        None => jwt.any_subject(),
    };
    Ok(if profile == Profile::Strict { jwt.strict() } else { jwt })
}

fn given_keys(judge: &JudgeArgs, args: &JwtJudge) -> Result<Vec<VerifyingKey>, Failure> {
    let mut keys = Vec::new();
    if let Some(path) = &args.key_file {
        keys.extend(file::verifying(path)?);
    }
    if let Some(path) = &judge.jwks_file {
        keys.extend(file::set(path)?);
    }
    Ok(keys)
}

fn configured_keys(config: &Config) -> Result<Vec<VerifyingKey>, Failure> {
    let mut keys = Vec::new();
    if let Some(path) = &config.jwt.jwks_file {
        keys.extend(file::set(path)?);
    }
    for path in &config.jwt.keys_pem_files {
        keys.extend(file::verifying(path)?);
    }
    if let Some(FileSecret(secret)) = &config.jwt.hmac_key_file {
        keys.extend(file::shared(secret.expose_secret()));
    }
    Ok(keys)
}

fn validator(keys: Vec<VerifyingKey>) -> Result<Jwt, Failure> {
    let mut keys = keys.into_iter();
    let first = keys.next();
    let first = first.ok_or_else(|| Failure::CouldNotRun("no verification key".to_owned()))?;
    Ok(keys.fold(Jwt::with_key(first), Jwt::add_key))
}

/// What the configuration demands, but for what flags say instead.
fn as_configured(jwt: Jwt, config: &Config, judge: &JudgeArgs, args: &JwtJudge) -> Jwt {
    let said = &config.jwt;
    let issuers = said.issuers.iter().filter(|_| args.issuer.is_empty());
    let audiences = said.audiences.iter().filter(|_| judge.audience.is_empty());
    let jwt = issuers.fold(jwt, Jwt::allow_issuer);
    let jwt = audiences.fold(jwt, Jwt::allow_audience);
    let jwt = jwt.leeway(args.leeway.unwrap_or(said.leeway));
    let jwt = said.max_lifetime.into_iter().fold(jwt, Jwt::max_lifetime);
    said.max_age.into_iter().fold(jwt, Jwt::max_age)
}
