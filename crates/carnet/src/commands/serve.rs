//! `carnet serve`.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use carnet_config::{Config, Loaded, LogFormat};
use carnet_gate::Clock;
use carnet_server::serve::{self, Listening, ServeError};
use carnet_server::{App, AppOptions};
use carnet_store::{Store, StoreError, StoreOptions};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::ServeArgs;
use crate::connect::Surroundings;
use crate::failure::Failure;
use crate::output;

/// Serves until SIGINT or SIGTERM.
pub async fn run(args: ServeArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let loaded = load(&args, surroundings)?;
    start_log(&loaded.config)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let listening = start(loaded.config).await?;
    output::line(&format!("listening on {}", listening.url()))?;
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping: requests that run may finish");
    listening.shut_down().await;
    Ok(())
}

/// The configuration; without one, a first run makes it.
fn load(args: &ServeArgs, surroundings: &Surroundings) -> anyhow::Result<Loaded> {
    let mut sources = surroundings.sources(args.config.config.clone(), super::flags(&args.config));
    let mut loaded = carnet_config::load(&sources).map_err(|errors| could_not_load(&errors))?;
    let names_keys =
        loaded.config.auth.api_key.is_some() || loaded.config.auth.admin_api_key.is_some();
    if loaded.file.is_none() && !names_keys {
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
    let faults = loaded.config.start_faults();
    if !faults.is_empty() {
        let lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
        return Err(Failure::CouldNotRun(format!(
            "the server does not start\n{}",
            lines.join("\n")
        ))
        .into());
    }
    Ok(loaded)
}

fn could_not_load(errors: &carnet_config::ConfigErrors) -> Failure {
    let mut text = String::from("the configuration does not load\n");
    // Writing to a string does not fail.
    let _ = write!(text, "{errors}\n  fix: carnet config show");
    Failure::CouldNotRun(text)
}

async fn start(config: Config) -> anyhow::Result<Listening> {
    let metrics = PrometheusBuilder::new().install_recorder()?;
    let (database, data_dir) = (config.database.path.clone(), config.top.data_dir.clone());
    make_private_folder(&data_dir)?;
    let options = StoreOptions {
        path: database.clone(),
        busy_timeout: config.database.busy_timeout,
        readers: config.database.pool,
    };
    let store = Store::open(&options).await.map_err(|error| explain_store(&error, &database))?;
    let app = App::open(AppOptions { config, store, clock: Clock::System, metrics })
        .await
        .map_err(|error| {
            Failure::CouldNotRun(format!(
                "{:#}\n  fix: ls -ld {}",
                anyhow::Error::new(error),
                data_dir.display()
            ))
        })?;
    serve::listen(app).await.map_err(|error| explain_listen(error).into())
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

fn explain_listen(error: ServeError) -> Failure {
    let fix = match &error {
        ServeError::Address { .. } => "carnet serve --set server.port=0".to_owned(),
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
