//! `carnet ticket attenuate`: a narrower ticket, made with the role's secret from here.

use carnet_authority::mint::{self, Narrowing, Policy};
use carnet_gate::Clock;
use carnet_ticket::capability::{
    AttachRequest, Capability, MountSpec, RoleKeys, TicketKey, TicketQuotas, TicketToken,
};
use secrecy::ExposeSecret;

use super::mint::{issue, show_capability};
use super::{malformed, secrets};
use crate::cli::ticket::AttenuateArgs;
use crate::connect::Surroundings;
use crate::failure::Failure;
use crate::given;

/// Mints a child within the parent's own limits: what the parent has spent, only a server knows.
pub fn run(args: &AttenuateArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let text = given::text(&args.token)?;
    let role = TicketToken::decode_unverified(&text).map_err(malformed)?.role;
    let data_dir = args.data_dir.as_deref();
    let profile = secrets::profile(args.profile, data_dir, surroundings)?;
    let (secret_file, manifest) = (args.secret_file.as_deref(), args.config.as_deref());
    let places = secrets::Places::new(secret_file, manifest, data_dir, surroundings);
    let found = places.secrets(role).map_err(|error| secrets::failure(&error))?;
    let keys: Vec<_> =
        found.iter().map(|found| TicketKey::from_secret(found.secret.expose_secret())).collect();
    let limits = places.limits()?;
    let now = Clock::System.now();
    let request = AttachRequest { role, identity: None, token: Some(&text) };
    let judge = Capability::new(RoleKeys::from([(role, keys.clone())]), limits, profile);
    let admitted = judge.admit(&request, now);
    let admitted = admitted.map_err(|error| Failure::denied(error.code(), error))?;
    let parent = TicketToken::decode_any(&text, &keys, profile).map_err(malformed)?;
    let issuer = secrets::issuer(role, found, limits, profile);
    let minted = mint::attenuate(
        &parent,
        &admitted.limits,
        0,
        narrowing(args),
        &issuer,
        &Policy { limits, profile },
        &issue(now)?,
    )
    .map_err(|error| Failure::Check(error.to_string()))?;
    eprintln!("note: no ledger knows this ticket, and what its parent has spent is not counted");
    show_capability(minted.token.expose_secret(), None, args.format)
}

fn narrowing(args: &AttenuateArgs) -> Narrowing {
    Narrowing {
        role: None,
        subject: None,
        scopes: args.scope.clone(),
        ttl_s: args.ttl,
        ticks: args.ticks,
        ops: args.ops,
        quotas: TicketQuotas {
            bandwidth_bytes: args.quotas.bandwidth,
            cursor_resumes: args.quotas.cursor_resumes,
            cursor_advances: args.quotas.cursor_advances,
        },
        mount: args.no_mount.then(MountSpec::empty),
    }
}
