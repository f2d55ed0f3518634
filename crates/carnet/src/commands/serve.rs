//! `carnet serve`.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitStatus;

use anyhow::Context;
use carnet_config::manifest::Manifest;
use carnet_config::{Config, LogFormat, Role, Watch};
use carnet_gate::Clock;
use carnet_server::serve::{self, Listening, ServeError};
use carnet_server::{App, AppError, AppOptions};
use carnet_store::{Store, StoreError, StoreOptions};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::ServeArgs;
use crate::commands::dev::process::WorkerProcess;
use crate::connect::Surroundings;
use crate::failure::Failure;
use crate::output;

/// What the log says of a server that anybody with one secret signs in to as anybody.
const DEV_USERS: &str =
    "auth.dev_jwt_secret is set: whoever has it signs in as any user; for development only";

/// Serves until SIGINT or SIGTERM.
pub async fn run(args: ServeArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    run_beside(args, surroundings, |_, _| Ok(None)).await
}

/// The same, with a worker that `start_worker` starts once the server listens, and that ends before it. It is told the
/// data folder, and the port that the fleet comes to.
pub async fn run_beside(
    args: ServeArgs,
    surroundings: &Surroundings,
    start_worker: impl FnOnce(&Path, u16) -> anyhow::Result<Option<WorkerProcess>>,
) -> anyhow::Result<()> {
    let (watch, is_first) = load(&args, surroundings)?;
    start_log(&watch.loaded().config)?;
    for warning in warnings(&watch) {
        tracing::warn!("{warning}");
    }
    // Before anybody is told that it listens: until then a SIGHUP would end it.
    let (mut interrupt, mut terminate, mut hang_up) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
        signal(SignalKind::hangup())?,
    );
    let (app, listening) = Box::pin(start(watch)).await?;
    // A link is a secret: where output goes into a log, `carnet ui` makes one when it is wanted.
    if is_first || std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        print_sign_in_link(&app).await?;
    }
    output::line(&format!("workers come to https://{}", listening.fleet_address()))?;
    output::line(&format!("listening on {}", listening.url()))?;
    let data_dir = app.config().top.data_dir.clone();
    let mut worker = start_worker(&data_dir, listening.fleet_address().port())?;
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            status = ended(&mut worker) => {
                let status = status?;
                let text = format!("the worker has ended, which it should not: {status}");
                return Err(Failure::CouldNotRun(text).into());
            }
            // What is wrong is in the log.
            _ = hang_up.recv() => drop(app.reload().await),
        }
    }
    tracing::info!("stopping: requests that run may finish");
    if let Some(worker) = worker {
        worker.end().await;
    }
    listening.shut_down().await;
    Ok(())
}

/// Waits until the worker beside the server has ended by itself; for ever, where there is none.
async fn ended(worker: &mut Option<WorkerProcess>) -> std::io::Result<ExitStatus> {
    match worker {
        Some(worker) => worker.ended().await,
        None => std::future::pending().await,
    }
}

/// Prints a link that signs the operator in to the admin UI, where there is one.
async fn print_sign_in_link(app: &App) -> anyhow::Result<()> {
    match app.sign_in_link().await {
        Ok(Some(link)) => Ok(output::line(&format!("sign in, once: {}", *link))?),
        Ok(None) => Ok(()),
        Err(_) => Err(anyhow::anyhow!("no sign-in link could be made")),
    }
}

/// The configuration and the manifest; without a configuration, a first run makes both. Tells whether it did.
fn load(args: &ServeArgs, surroundings: &Surroundings) -> anyhow::Result<(Watch, bool)> {
    let mut sources = surroundings.sources(args.config.config.clone(), super::flags(&args.config)?);
    let mut loaded = carnet_config::load(&sources).map_err(|errors| could_not_load(&errors))?;
    let auth = &loaded.config.auth;
    let names_keys =
        [&auth.api_key, &auth.admin_api_key, &auth.dev_jwt_secret].into_iter().any(Option::is_some);
    let is_first = loaded.file.is_none() && !names_keys;
    if is_first {
        let made = carnet_config::init::generate(&loaded.config.top.data_dir)
            .with_context(|| format!("fix: ls -ld {}", loaded.config.top.data_dir.display()))?;
        sources.path = Some(made.config.clone());
        loaded = carnet_config::load(&sources).map_err(|errors| could_not_load(&errors))?;
        eprintln!(
            "made {} with random keys; the command line needs none of them",
            made.config.display()
        );
        output::line(&format!("API key: {}", std::fs::read_to_string(&made.api_key)?.trim()))?;
    }
    let faults = loaded.config.start_faults(Role::ControlPlane);
    if !faults.is_empty() {
        let lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
        return Err(Failure::CouldNotRun(format!(
            "the server does not start\n{}",
            lines.join("\n")
        ))
        .into());
    }
    let manifest = Manifest::of_server(&loaded.config, &sources.cwd, &sources.env)
        .map_err(|errors| Failure::CouldNotRun(format!("the manifest does not load\n{errors}")))?;
    let short = manifest.iter().flat_map(|manifest| manifest.short_secrets(&loaded.config));
    let refused: Vec<_> = short.filter(|short| short.is_refused).collect();
    if !refused.is_empty() {
        let lines: Vec<_> = refused.iter().map(ToString::to_string).collect();
        let lines = lines.join("\n");
        return Err(Failure::CouldNotRun(format!("the server does not start\n{lines}")).into());
    }
    Ok((Watch::new(sources, loaded, manifest), is_first))
}

/// What is odd and does not stop a start.
fn warnings(watch: &Watch) -> Vec<String> {
    let (loaded, manifest) = (watch.loaded(), watch.manifest());
    let of_manifest = manifest.iter().flat_map(|manifest| manifest.warnings.iter().cloned());
    let short = manifest.iter().flat_map(|manifest| manifest.short_secrets(&loaded.config));
    let short = short.map(|short| short.to_string());
    let has_dev_users = loaded.config.auth.dev_jwt_secret.is_some();
    let dev_users = has_dev_users.then(|| DEV_USERS.to_owned());
    let short = short.chain(dev_users);
    loaded.warnings.iter().cloned().chain(of_manifest).chain(short).collect()
}

fn could_not_load(errors: &carnet_config::ConfigErrors) -> Failure {
    let mut text = String::from("the configuration does not load\n");
    // Writing to a string does not fail.
    let _ = write!(text, "{errors}\n  fix: carnet config show");
    Failure::CouldNotRun(text)
}

async fn start(watch: Watch) -> anyhow::Result<(App, Listening)> {
    let config = watch.loaded().config.clone();
    let metrics = PrometheusBuilder::new().install_recorder()?;
    let (database, data_dir) = (config.database.path.clone(), config.top.data_dir.clone());
    make_private_folder(&data_dir)?;
    let options = StoreOptions {
        path: database.clone(),
        busy_timeout: config.database.busy_timeout,
        readers: config.database.pool,
    };
    let store = Store::open(&options).map_err(|error| explain_store(&error, &database))?;
    let app = App::open(AppOptions { watch, store, clock: Clock::System, metrics })
        .await
        .map_err(|error| explain_open(error, &data_dir))?;
    let listening = serve::listen(app.clone()).await.map_err(explain_listen)?;
    Ok((app, listening))
}

fn make_private_folder(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| {
        Failure::CouldNotRun(format!(
            "{} cannot be made: {error}\n  fix: ls -ld {0}",
            path.display()
        ))
        .into()
    })
}

/// What is wrong with the database, and the command that repairs it or names the fault.
fn explain_store(error: &StoreError, database: &Path) -> Failure {
    let path = database.display();
    let fix = match error {
        StoreError::InUse { .. } => {
            "carnet serve --data-dir another-folder --set server.port=0".to_owned()
        }
        StoreError::Corrupt(_) => format!("mv {path} {path}.damaged && carnet serve"),
        StoreError::Full(_) => format!("df -h {path}"),
        StoreError::ReadOnly(_) => format!("chmod u+w {path}"),
        _ => format!("ls -l {path}"),
    };
    let source =
        std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    Failure::CouldNotRun(format!("{path}: {error}{source}\n  fix: {fix}"))
}

fn explain_open(error: AppError, data_dir: &Path) -> Failure {
    let fix = match &error {
        // The key that was there when the database was made.
        AppError::Authority(_) => format!("ls -l {}/secrets/seal_key", data_dir.display()),
        AppError::Ca(_) => format!("ls -l {}/ca", data_dir.display()),
        AppError::Revocations(_) => format!("ls -l {}/revocations.log", data_dir.display()),
        _ => format!("ls -ld {}", data_dir.display()),
    };
    Failure::CouldNotRun(format!("{:#}\n  fix: {fix}", anyhow::Error::new(error)))
}

fn explain_listen(error: ServeError) -> Failure {
    let fix = match &error {
        ServeError::Address { .. } => "carnet serve --set server.port=0".to_owned(),
        ServeError::Fleet { .. } => "carnet serve --set fleet.listen_addr=127.0.0.1:0".to_owned(),
        ServeError::RpcTls(_) => "carnet serve --set worker.rpc_tls.ca_file= --set \
             worker.rpc_tls.client_cert_file= --set worker.rpc_tls.client_key_file="
            .to_owned(),
        ServeError::Socket { path, .. } => format!("ls -l {}", path.display()),
        _ => "carnet config show".to_owned(),
    };
    Failure::CouldNotRun(format!("{:#}\n  fix: {fix}", anyhow::Error::new(error)))
}

fn start_log(config: &Config) -> anyhow::Result<()> {
    let filter = format!(
        "warn,carnet={0},carnet_server={0},carnet_store={0},carnet_realm={0}",
        config.logging.level.as_str()
    );
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(is_terminal);
    let started = match config.logging.format {
        LogFormat::Json => log.json().try_init(),
        LogFormat::Text => log.try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("the log cannot start: {error}"))
}
