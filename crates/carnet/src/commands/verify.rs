//! `carnet verify`: whether a credential counts, told by its form.

use carnet_realm::client::Client;
use reqwest::Method;

use super::{ticket, worker};
use crate::cli::ServerArgs;
use crate::cli::credential::VerifyArgs;
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::given;
use crate::output;
use crate::what::{self, What};

/// Judges with keys from here, or asks the server by presenting the credential there.
pub async fn run(args: VerifyArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    connect::refuse_secret(&args.what)?;
    let text = given::text(&args.what)?;
    let VerifyArgs { judge, capability, jwt, worker, .. } = &args;
    worker::token::refuse_key_argument(worker.signing_key.as_deref())?;
    let refuse =
        |class: &str, flags: &[Option<&'static str>]| ticket::verify::refuse_flags(class, flags);
    match What::of(&text)? {
        What::Capability(token) => {
            refuse("a capability ticket", &[jwt.given(), worker.given()])?;
            ticket::verify::capability(token, judge, capability, surroundings)
        }
        What::WorkerToken(token) => {
            refuse("a worker token", &[capability.given(), jwt.given()])?;
            let format = judge.format.unwrap_or_default();
            worker::token::verify::run(token, judge, worker, format, surroundings)
        }
        What::Jwt(token) if jwt.key_file.is_some() || judge.jwks_file.is_some() => {
            refuse("a JWT", &[capability.given(), worker.given()])?;
            ticket::verify::jwt(token, judge, jwt, surroundings)
        }
        What::Jwt(_) | What::AgentToken(_) | What::ApiKey(_) if is_secret(&text) => {
            refuse_judging(&args)?;
            present(&text, "/api/v1/me", &args, surroundings).await
        }
        What::Realm(_) => {
            refuse_judging(&args)?;
            present(&text, "/api/realm/self/tickets/self", &args, surroundings).await
        }
        What::Other(_) => Err(what::unknown().into()),
        _ => {
            let text =
                "this is an id, which anybody can write down: verify takes the credential itself";
            Err(Failure::Usage(text.to_owned()).into())
        }
    }
}

/// The id of an API key or agent token proves nothing.
fn is_secret(text: &str) -> bool {
    !(text.starts_with("key:") || text.starts_with("token:"))
}

/// A server judges by its own keys and clock: what it would not look at is not taken.
fn refuse_judging(args: &VerifyArgs) -> Result<(), Failure> {
    let VerifyArgs { judge, capability, jwt, worker, .. } = args;
    let shared = [
        ("--profile", judge.profile.is_some()),
        ("--at", judge.at.is_some()),
        ("--audience", !judge.audience.is_empty()),
        ("--jwks-file", judge.jwks_file.is_some()),
    ];
    let shared = shared.iter().find(|(_, is_given)| *is_given).map(|(name, _)| *name);
    let given = [capability.given(), jwt.given(), worker.given(), shared];
    ticket::verify::refuse_flags("a credential that the server is asked about", &given)
}

async fn present(
    text: &str,
    path: &str,
    args: &VerifyArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let judge = &args.judge;
    let format = judge.format.unwrap_or_default();
    let server = ServerArgs::at(args.server.clone(), judge.data_dir.clone(), None, format);
    let endpoint = connect::endpoint(&server, surroundings);
    let client = Client::new(&endpoint, connect::token(text.to_owned()))?;
    let mut answer = client.call(Method::GET, path, None).await?;
    if let Some(members) = answer.as_object_mut() {
        // The id of a task ticket is the ticket.
        members.remove("ticketId");
    }
    Ok(output::show(format, &answer, output::object)?)
}
