//! JSON Web Tokens as `POST /api/v1/admin/tickets` mints them, with the active `jwt` key.

use carnet_authority::mint::{self, JwtMintError, JwtRequest, Minted};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::issue;
use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::worker_tokens::{duration, random_id};
use crate::state::App;

const TTL_DEFAULT: &str = "1h";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    subject: String,
    audience: Vec<String>,
    ttl: Option<String>,
    not_before: Option<String>,
    token_id: Option<String>,
    #[serde(default)]
    claims: Map<String, Value>,
}

pub(super) fn mint(app: &App, trail: &Trail, input: Input) -> Result<Minted, Problem> {
    let key = app
        .authority()
        .jwt_signer()
        .ok_or_else(|| Problem::unavailable().with(json!({ "reason": "NoSigningKey" })))?;
    let request = JwtRequest {
        subject: input.subject,
        audience: input.audience,
        token_id: input.token_id.map_or_else(random_id, Ok)?,
        ttl: duration(input.ttl.as_deref().unwrap_or(TTL_DEFAULT), "ttl")?,
        not_before: duration(input.not_before.as_deref().unwrap_or("0"), "not_before")?,
        claims: input.claims,
    };
    let max = app.config().jwt.max_lifetime;
    let issue = issue(trail, None, app.clock().now())?;
    mint::jwt(request, key, &app.issuer(), max, &issue).map_err(problem)
}

fn problem(error: JwtMintError) -> Problem {
    let field = match error {
        JwtMintError::Subject => "subject",
        JwtMintError::Audience => "audience",
        JwtMintError::TokenId => "token_id",
        JwtMintError::Lifetime => "ttl",
        JwtMintError::NotBefore => "not_before",
        _ => "claims",
    };
    Problem::invalid("NotMinted", field).saying(error.to_string())
}
