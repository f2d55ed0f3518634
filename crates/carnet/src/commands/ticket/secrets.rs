//! Secrets of roles, and what tickets may say, from files, variables and the manifest.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use carnet_config::manifest::{FindError, RoleSecrets, Surface, TicketSources, Tickets};
use carnet_ticket::capability::{Role, TicketIssuer, TicketLimits};
use carnet_ticket::verify::Profile;
use secrecy::ExposeSecret;

use crate::connect::{self, Surroundings};
use crate::failure::Failure;

/// Where role secrets are looked for.
pub struct Places<'a> {
    secret_file: Option<&'a Path>,
    manifest: Option<&'a Path>,
    data_dir: PathBuf,
    surroundings: &'a Surroundings,
}

impl<'a> Places<'a> {
    /// The files that flags name, and all that is looked at without them.
    pub fn new(
        secret_file: Option<&'a Path>,
        manifest: Option<&'a Path>,
        data_dir: Option<&Path>,
        surroundings: &'a Surroundings,
    ) -> Self {
        let data_dir = connect::data_dir(data_dir, surroundings);
        Self { secret_file, manifest, data_dir, surroundings }
    }

    /// Whether flag or variable say where the secret is.
    pub fn are_given(&self) -> bool {
        self.sources().is_given()
    }

    /// The secrets of `role`.
    pub fn secrets(&self, role: Role) -> Result<RoleSecrets, FindError> {
        self.sources().secrets(role)
    }

    /// What tickets may say.
    pub fn limits(&self) -> Result<TicketLimits, Failure> {
        self.sources().limits().map_err(|error| failure(&error))
    }

    fn sources(&self) -> TicketSources<'_> {
        TicketSources {
            secret_file: self.secret_file,
            manifest: self.manifest,
            env: &self.surroundings.env,
            cwd: &self.surroundings.cwd,
            data_dir: &self.data_dir,
            surface: Surface::CommandLine,
        }
    }
}

/// A role without a secret is a refusal; what cannot be read is not.
pub fn failure(error: &FindError) -> Failure {
    match error {
        FindError::NotFound { .. } => Failure::Check(error.to_string()),
        _ => Failure::CouldNotRun(error.to_string()),
    }
}

/// An issuer with the active secret of `role`; says so on stderr when strict finds it short.
pub fn issuer(
    role: Role,
    secrets: RoleSecrets,
    limits: TicketLimits,
    profile: Profile,
) -> TicketIssuer {
    let issuer = TicketIssuer::new(secrets.active.secret.expose_secret());
    let tickets = Tickets { keys: HashMap::from([(role, secrets)]), limits };
    // Whoever holds the secret can mint anyway; the server refuses where that matters.
    for short in tickets.short_secrets(profile, true) {
        eprintln!("warning: {short}");
    }
    issuer
}

/// The profile that a flag names, or that of the configuration.
pub fn profile(
    said: Option<Profile>,
    data_dir: Option<&Path>,
    surroundings: &Surroundings,
) -> Result<Profile, Failure> {
    if let Some(profile) = said {
        return Ok(profile);
    }
    let profiles = surroundings.config(None, data_dir)?.profile;
    Ok(profiles.capability.unwrap_or(profiles.default))
}
