//! How an enrollment token travels: in `Authorization`, or in front of a path. Never in a query.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use zeroize::Zeroizing;

use super::EnrollmentToken;

/// The user of `Basic` credentials and of the URL.
const USER: &str = "enroll";

/// The longest `Basic` credentials that are decoded; those of a token have 148 characters.
const BASIC_LEN_MAX: usize = 512;

/// The text that an `Authorization` header carries: what follows `Bearer`, or the password of the user `enroll` in
/// `Basic` (RFC 7617). The scheme may be in any case. `None` where it carries nothing for us.
pub fn from_authorization(value: &str) -> Option<Zeroizing<String>> {
    let (scheme, rest) = value.split_once(' ')?;
    let rest = rest.trim_matches(' ');
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Zeroizing::new(rest.to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") || rest.len() > BASIC_LEN_MAX {
        return None;
    }
    let bytes = Zeroizing::new(BASE64.decode(rest).ok()?);
    let (user, password) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    (user == USER).then(|| Zeroizing::new(password.to_owned()))
}

/// The text in front of a path, and the path behind it: `/enroll/<token>/ca/certificate` is `<token>` and
/// `/ca/certificate`.
pub fn from_path(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("/enroll/")?;
    rest.split_at_checked(rest.find('/')?)
}

/// The URL of a CA with its token, as `CA_SERVICE_URL` takes it: `https://enroll:<token>@<host>:<port>`.
pub fn url(token: &EnrollmentToken, host: &str, port: u16) -> Zeroizing<String> {
    let text = token.encode();
    let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
    Zeroizing::new(format!("https://{USER}:{}@{open}{host}{close}:{port}", *text))
}
