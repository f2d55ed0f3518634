//! `carnet ticket mint capability`: with a role's secret from here, else by the server.

use carnet_authority::mint::{self, CapabilityRequest, Policy};
use carnet_config::manifest::{FindError, RoleSecrets};
use carnet_gate::Clock;
use carnet_realm::client::ClientError;
use carnet_ticket::capability::{BudgetSpec, TicketQuotas};
use carnet_ticket::verify::Profile;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::super::{secrets, shown};
use super::{issue, show_capability};
use crate::cli::ticket::CapabilityArgs;
use crate::connect::{self, Surroundings};
use crate::failure::Failure;

/// Makes a ticket and prints it.
pub async fn run(args: &CapabilityArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let (secret_file, manifest) =
        (args.secret.secret_file.as_deref(), args.secret.config.as_deref());
    let data_dir = args.server.data_dir.as_deref();
    let places = secrets::Places::new(secret_file, manifest, data_dir, surroundings);
    let is_here = args.offline || places.are_given();
    // A server that is there writes its ledger first, also where its secrets could be read.
    let has_server = !is_here && connect::known(&args.server, surroundings).is_some();
    if args.server.server.is_some() || has_server {
        return by_server(args, None, surroundings).await;
    }
    match places.secrets(args.role) {
        Ok(found) => here(args, found, &places, surroundings),
        Err(error @ FindError::NotFound { .. }) if !is_here => {
            by_server(args, Some(&error), surroundings).await
        }
        Err(error) => Err(secrets::failure(&error).into()),
    }
}

/// Mints with a secret from here.
fn here(
    args: &CapabilityArgs,
    found: RoleSecrets,
    places: &secrets::Places<'_>,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let profile = secrets::profile(None, args.server.data_dir.as_deref(), surroundings);
    // Whoever holds the secret can mint anyway: a configuration with faults does not stop that.
    let profile = profile.unwrap_or_else(|error| {
        eprintln!("warning: {error}");
        Profile::Strict
    });
    let limits = places.limits()?;
    let request = CapabilityRequest {
        role: args.role,
        subject: args.subject.clone(),
        budget: budget(args),
        mount: args.mount.clone().unwrap_or_default(),
        scopes: args.scope.clone(),
        quotas: quotas(args),
        issued_at: args.issued_at,
    };
    let issuer = secrets::issuer(args.role, found, limits, profile);
    let issue = issue(Clock::System.now())?;
    let minted = mint::capability(request, &issuer, &Policy { limits, profile }, &issue);
    let minted = minted.map_err(|error| Failure::Check(error.to_string()))?;
    eprintln!("note: minted with a secret from here: no ledger knows this ticket");
    show_capability(minted.token.expose_secret(), None, args.server.format)
}

/// Lets the server mint. `missing` is why it is not done here.
async fn by_server(
    args: &CapabilityArgs,
    missing: Option<&FindError>,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    if args.issued_at.is_some() {
        let text = "--issued-at needs the role's secret from here: a server mints as of now";
        return Err(Failure::Usage(text.to_owned()).into());
    }
    let client = connect::client(&args.server, surroundings)?;
    let answer = client.call(Method::POST, "/api/v1/admin/tickets", Some(&body(args))).await;
    let answer = match (answer, missing) {
        (Err(ClientError::Network(_)), Some(missing)) => {
            return Err(Failure::Check(format!("{missing}, and no server answers")).into());
        }
        (Err(error @ ClientError::Network(_)), None) => {
            eprintln!(
                "note: with --offline the role's secret from here is taken, and no ledger knows"
            );
            return Err(error.into());
        }
        (answer, _) => answer?,
    };
    let token = answer["token"].as_str().ok_or(ClientError::BadAnswer)?;
    show_capability(token, Some(&answer["entry"]), args.server.format)
}

/// What the route takes: what is not said, is left out.
fn body(args: &CapabilityArgs) -> Value {
    let mut body = json!({ "class": "capability", "role": args.role.label() });
    if let Some(subject) = &args.subject {
        body["subject"] = Value::from(subject.as_str());
    }
    if let Some(budget) = budget(args) {
        body["budget"] =
            json!({ "ticks": budget.ticks(), "ops": budget.ops(), "ttl_s": budget.ttl_s() });
    }
    if let Some(mount) = &args.mount {
        body["mount"] = json!({ "service": mount.service, "at": mount.at });
    }
    if !args.scope.is_empty() {
        let scopes = args.scope.iter().map(|scope| {
            json!({ "path": scope.path, "verb": shown::verb(scope.verb), "rate_per_s": scope.rate_per_s })
        });
        body["scopes"] = scopes.collect();
    }
    let quotas = quotas(args);
    if quotas != TicketQuotas::unbounded() {
        body["quotas"] = json!({
            "bandwidth_bytes": quotas.bandwidth_bytes,
            "cursor_resumes": quotas.cursor_resumes,
            "cursor_advances": quotas.cursor_advances,
        });
    }
    body
}

/// The role's budget with what was said of it; none when nothing was.
fn budget(args: &CapabilityArgs) -> Option<BudgetSpec> {
    let CapabilityArgs { ticks, ops, ttl, .. } = args;
    if ticks.is_none() && ops.is_none() && ttl.is_none() {
        return None;
    }
    let usual = BudgetSpec::default_of(args.role);
    let budget = usual
        .with_ticks(ticks.map_or(usual.ticks(), |amount| amount.0))
        .with_ops(ops.map_or(usual.ops(), |amount| amount.0))
        .with_ttl(ttl.map_or(usual.ttl_s(), |amount| amount.0));
    Some(budget)
}

fn quotas(args: &CapabilityArgs) -> TicketQuotas {
    TicketQuotas {
        bandwidth_bytes: args.quotas.bandwidth,
        cursor_resumes: args.quotas.cursor_resumes,
        cursor_advances: args.quotas.cursor_advances,
    }
}
