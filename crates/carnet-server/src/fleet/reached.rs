//! [`Reached`]: where a member reaches this server.

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;
use http::uri::Authority;

use crate::problem::Problem;
use crate::serve::ServedAt;

/// The URL of the fleet's listener, by the host that its caller asked for and verified.
pub(crate) struct Reached(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for Reached {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let asked = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let asked = asked.and_then(|host| host.parse::<Authority>().ok());
        let asked = asked.filter(|host| !host.as_str().contains('@')).map(|host| host.to_string());
        let at = || parts.extensions.get().map(|ServedAt(address)| address.to_string());
        let host = asked.or_else(at).ok_or_else(|| Problem::invalid("Missing", "host"))?;
        Ok(Self(format!("https://{host}")))
    }
}
