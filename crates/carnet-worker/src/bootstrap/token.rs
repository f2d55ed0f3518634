//! Finding the CA, and the token for it.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use carnet_ticket::enrollment::{EnrollmentToken, carrier};
use reqwest::Url;
use zeroize::Zeroizing;

use crate::error::WorkerError;
use crate::surroundings::Surroundings;

const CA_SERVICE_URL: &str = "CA_SERVICE_URL";
const TOKEN: &str = "CARNET_ENROLL_TOKEN";
const TOKEN_FILE: &str = "CARNET_ENROLL_TOKEN_FILE";
const LOCAL: &str = "local-enroll.url";

/// Where the CA is when nobody says.
const IN_CONTAINER: &str = "https://cert-authority:9090";
const NATIVE: &str = "https://localhost:9090";

/// The longest file that a token is read from.
const LEN_MAX: u64 = 4096;

/// A CA, and what it lets us in for.
pub(super) struct Found {
    /// Where it is; nothing of the token is left in it.
    pub(super) ca: Url,
    pub(super) token: Option<EnrollmentToken>,
    /// Whether the token is the one of this machine, which lets in whoever can read it under any name.
    pub(super) is_local: bool,
    /// Whether the environment names the CA.
    pub(super) is_named: bool,
}

/// What `CA_SERVICE_URL`, `CARNET_ENROLL_TOKEN_FILE` and `CARNET_ENROLL_TOKEN` say; without them, what a control
/// plane on this machine left in its data folder; without that, where the CA of a container is.
pub(super) fn find(surroundings: &Surroundings) -> Result<Option<Found>, WorkerError> {
    let given =
        surroundings.var(CA_SERVICE_URL).map(|url| parse(url, CA_SERVICE_URL)).transpose()?;
    let token = token(surroundings)?;
    if given.is_none() && token.is_none() {
        let local = local(surroundings);
        if let Some(text) = read(&local)? {
            let (ca, token) = parse(&text, LOCAL)?;
            return Ok(Some(Found { ca, token, is_local: true, is_named: false }));
        }
        if !surroundings.is_container() {
            return Ok(None);
        }
    }
    let is_named = given.is_some();
    let default = if surroundings.is_container() { IN_CONTAINER } else { NATIVE };
    let (ca, in_url) = given.map_or_else(|| parse(default, CA_SERVICE_URL), Ok)?;
    Ok(Some(Found { ca, token: token.or(in_url), is_local: false, is_named }))
}

fn token(surroundings: &Surroundings) -> Result<Option<EnrollmentToken>, WorkerError> {
    if let Some(path) = surroundings.var(TOKEN_FILE) {
        let path = surroundings.cwd.join(path);
        let text = read(&path)?.ok_or_else(|| {
            WorkerError::io(&path)(std::io::Error::from(std::io::ErrorKind::NotFound))
        })?;
        return decode(&text, TOKEN_FILE).map(Some);
    }
    surroundings.var(TOKEN).map(|text| decode(text, TOKEN)).transpose()
}

fn local(surroundings: &Surroundings) -> PathBuf {
    let data_dir = surroundings.var("CARNET_DATA_DIR").unwrap_or("carnet-data");
    surroundings.cwd.join(data_dir).join(LOCAL)
}

/// What a file holds, without white space around it; nothing when it is not there.
fn read(path: &Path) -> Result<Option<Zeroizing<String>>, WorkerError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(WorkerError::io(path))?,
    };
    let mut text = Zeroizing::new(String::new());
    file.take(LEN_MAX).read_to_string(&mut text).map_err(WorkerError::io(path))?;
    Ok(Some(Zeroizing::new(text.trim().to_owned())))
}

/// The CA in a URL, and the token in its password, or in front of its path.
fn parse(text: &str, var: &'static str) -> Result<(Url, Option<EnrollmentToken>), WorkerError> {
    let mut url: Url = text.parse().map_err(|_| WorkerError::BadUrl { var })?;
    if url.scheme() == "http" {
        return Err(WorkerError::PlainHttpRefused { var });
    }
    let is_url = url.scheme() == "https" && url.has_host() && url.query().is_none();
    if !is_url {
        return Err(WorkerError::BadUrl { var });
    }
    let mut token = url.password().map(|text| decode(text, var)).transpose()?;
    let path = format!("{}/", url.path().trim_end_matches('/'));
    if let Some((in_path, rest)) = carrier::from_path(&path) {
        token = token.map_or_else(|| decode(in_path, var).map(Some), |token| Ok(Some(token)))?;
        url.set_path(rest);
    }
    // A URL with a host has room for both.
    let _ = (url.set_username(""), url.set_password(None));
    url.set_fragment(None);
    Ok((url, token))
}

fn decode(text: &str, var: &'static str) -> Result<EnrollmentToken, WorkerError> {
    EnrollmentToken::decode(text.trim()).map_err(|fault| WorkerError::BadToken { var, fault })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_gives_up_its_token() {
        let token = EnrollmentToken::new(&[7; 32], b"a certificate");
        let text = token.encode();
        for (url, rest) in [
            (format!("https://enroll:{}@ca.test:9090", *text), "https://ca.test:9090/"),
            (format!("https://ca.test:9090/enroll/{}", *text), "https://ca.test:9090/"),
            (format!("https://ca.test:9090/enroll/{}/", *text), "https://ca.test:9090/"),
            (format!("https://ca.test/enroll/{}/below", *text), "https://ca.test/below/"),
        ] {
            let (url, found) = parse(&url, CA_SERVICE_URL).unwrap();
            assert_eq!(url.as_str(), rest);
            assert_eq!(found.unwrap().digest(), token.digest());
        }
        assert!(parse("https://ca.test:9090", CA_SERVICE_URL).unwrap().1.is_none());
    }

    #[test]
    fn what_is_no_https_url_is_refused() {
        let plain = parse("http://ca.test", CA_SERVICE_URL);
        assert!(matches!(plain, Err(WorkerError::PlainHttpRefused { .. })));
        for url in ["ca.test:9090", "", "ftp://ca.test", "https://ca.test/?token=x"] {
            assert!(matches!(parse(url, CA_SERVICE_URL), Err(WorkerError::BadUrl { .. })), "{url}");
        }
        let token = parse("https://enroll:secret-text@ca.test", CA_SERVICE_URL);
        let error = token.err().unwrap();
        assert!(matches!(error, WorkerError::BadToken { .. }));
        assert!(!format!("{error:?}").contains("secret-text"));
    }
}
