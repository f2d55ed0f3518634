//! Which server a command talks to, and what it presents there.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use carnet_config::{Config, Sources};
use carnet_realm::client::{Client, Credential, Endpoint};
use carnet_ticket::verify::Class;
use secrecy::SecretString;

use crate::cli::ServerArgs;
use crate::failure::Failure;

/// The longest secret that is read from a file.
const SECRET_MAX: u64 = 64 << 10;

/// What is used when nothing says another server.
const DEFAULT_SERVER: &str = "http://127.0.0.1:7423";

/// The environment and the working folder.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The variables.
    pub env: BTreeMap<String, String>,
    /// The working folder.
    pub cwd: PathBuf,
}

impl Surroundings {
    /// The sources of a configuration, with what flags say.
    pub fn sources(&self, path: Option<PathBuf>, flags: BTreeMap<String, String>) -> Sources {
        Sources { path, env: self.env.clone(), flags, cwd: self.cwd.clone(), ..Sources::default() }
    }

    /// The configuration with a file and a data folder that flags name; its defaults where there is none.
    pub fn config(&self, path: Option<&Path>, data_dir: Option<&Path>) -> Result<Config, Failure> {
        let flags = data_dir.map(|path| ("data_dir".to_owned(), path.display().to_string()));
        let sources = self.sources(path.map(Path::to_owned), flags.into_iter().collect());
        let loaded = carnet_config::load(&sources);
        loaded.map(|loaded| loaded.config).map_err(|errors| {
            Failure::CouldNotRun(format!("the configuration does not load\n{errors}"))
        })
    }

    /// A variable that says something.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

/// A client of the server that flags, environment or the local socket name.
pub fn client(args: &ServerArgs, surroundings: &Surroundings) -> anyhow::Result<Client> {
    let client = Client::new(&endpoint(args, surroundings), credential(args, surroundings)?)?;
    Ok(client.in_realm(&args.realm))
}

/// `--server` or `CARNET_SERVER`, else the local socket, else the default address.
pub fn endpoint(args: &ServerArgs, surroundings: &Surroundings) -> Endpoint {
    known(args, surroundings).unwrap_or_else(|| Endpoint::Url(DEFAULT_SERVER.to_owned()))
}

/// The server that somebody named, or whose local socket is there.
pub fn known(args: &ServerArgs, surroundings: &Surroundings) -> Option<Endpoint> {
    let said = args.server.as_deref().or_else(|| surroundings.variable("CARNET_SERVER"));
    if let Some(url) = said {
        return Some(Endpoint::Url(url.to_owned()));
    }
    let socket = data_dir(args.data_dir.as_deref(), surroundings).join("api.sock");
    socket.exists().then_some(Endpoint::Socket(socket))
}

/// The data folder: by flag, environment, configuration, or the usual one.
pub fn data_dir(said: Option<&Path>, surroundings: &Surroundings) -> PathBuf {
    // A configuration with faults is the server's concern.
    surroundings.config(None, said).map_or_else(
        |_| surroundings.cwd.join(said.unwrap_or(Path::new("carnet-data"))),
        |config| config.top.data_dir,
    )
}

/// A ticket or token from a file, else from the environment; else none. Never from an argument.
fn credential(args: &ServerArgs, surroundings: &Surroundings) -> anyhow::Result<Credential> {
    let ticket = |text: String| Credential::Ticket(SecretString::from(text));
    if let Some(path) = &args.ticket_file {
        return Ok(ticket(secret(path)?));
    }
    if let Some(path) = &args.token_file {
        return Ok(token(secret(path)?));
    }
    if let Some(text) = surroundings.variable("CARNET_TICKET") {
        return Ok(ticket(text.to_owned()));
    }
    Ok(surroundings
        .variable("CARNET_TOKEN")
        .map_or(Credential::None, |text| token(text.to_owned())))
}

/// A token says by its prefix what it is; without one it is a key of the configuration.
pub fn token(text: String) -> Credential {
    let class = Class::of_text(&text);
    let secret = SecretString::from(text);
    match class {
        Some(Class::Realm) => Credential::Ticket(secret),
        Some(Class::AgentToken) => Credential::Agent(secret),
        Some(Class::ApiKey) => Credential::ApiKey(secret),
        Some(Class::Jwt | Class::WorkerToken) => Credential::Bearer(secret),
        // The server takes an API key in this header too, and an admin key nowhere else.
        _ => Credential::AdminKey(secret),
    }
}

/// A secret from a file; `-` is stdin.
pub fn secret(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(SECRET_MAX).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(SECRET_MAX).read_to_string(&mut text))
    };
    read.map_err(|error| Failure::CouldNotRun(format!("{}: {error}", path.display())))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::Usage(format!("{}: the file is empty", path.display())).into());
    }
    Ok(text.to_owned())
}

/// Refuses a secret in an argument, where every process of the machine can read it.
pub fn refuse_secret(argument: &str) -> anyhow::Result<()> {
    let is_secret = [
        "carnet_ak_",
        "casfa_",
        "eyJ",
        "cohesix-ticket-",
        "stacyvm-worker-v1.",
        "carnet-worker-v2.",
        "carnet-enroll-v1.",
    ];
    if is_secret.iter().any(|prefix| argument.starts_with(prefix)) {
        let text =
            "a secret in an argument can be read by every process: pass - and write it to stdin";
        return Err(Failure::Usage(text.to_owned()).into());
    }
    Ok(())
}
