//! The cookie that a session is.

use carnet_config::{Config, Url};
use carnet_ticket::session::SessionSecret;
use http::{HeaderMap, HeaderValue, header};

/// Where browsers come by TLS: only this server can have set it, and no script and no other site gets at it.
const NAME: &str = "__Host-carnet-session";
/// On plain loopback, where browsers would not take the other.
const NAME_PLAIN: &str = "carnet-session";

/// The text of a session's cookie, as a request carries it.
pub(in crate::auth) fn text<'a>(headers: &'a HeaderMap, config: &Config) -> Option<&'a str> {
    let name = name(config);
    let headers = headers.get_all(header::COOKIE).into_iter();
    let pairs = headers.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let mut named = pairs.filter_map(|pair| pair.trim().split_once('='));
    named.find(|(of, _)| *of == name).map(|(_, text)| text)
}

/// The secret of the session that a request is made in.
pub(crate) fn secret(headers: &HeaderMap, config: &Config) -> Option<SessionSecret> {
    SessionSecret::parse(text(headers, config)?)
}

/// The header that hands the cookie out. It has no end of its own: the session has.
pub(crate) fn set(secret: &SessionSecret, config: &Config) -> HeaderValue {
    let mut value = header(&secret.text(), "", config);
    value.set_sensitive(true);
    value
}

/// The header that takes it back.
pub(crate) fn clear(config: &Config) -> HeaderValue {
    header("", "; Max-Age=0", config)
}

fn header(text: &str, more: &str, config: &Config) -> HeaderValue {
    let secure = if is_secure(config) { "; Secure" } else { "" };
    let text = format!("{}={text}; Path=/; HttpOnly; SameSite=Lax{secure}{more}", name(config));
    // Base64url is always one.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

fn name(config: &Config) -> &'static str {
    if is_secure(config) { NAME } else { NAME_PLAIN }
}

/// Whether browsers come by TLS, to this server or to the proxy before it.
fn is_secure(config: &Config) -> bool {
    let server = &config.server;
    server.tls_cert_file.is_some() || server.public_url.as_ref().is_some_and(Url::is_https)
}
