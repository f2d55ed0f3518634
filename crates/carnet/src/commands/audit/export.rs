//! `carnet audit export`: rows as they come, to stdout or into a new file.

use std::io::{self, Write};
use std::path::Path;

use carnet_realm::client::{Client, ClientError};
use carnet_ticket::time::Timestamp;

use crate::cli::ServerArgs;
use crate::cli::audit::ExportArgs;
use crate::commands::ticket::list::query;
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::files;
use crate::output::Format;

/// Writes what the server sends. A file is there whole or not at all, and never in place of another.
pub async fn run(args: ExportArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    if let Some(path) = args.output.as_deref().filter(|path| path.exists()) {
        return Err(already_there(path).into());
    }
    let path = path(&args);
    let ExportArgs { server, data_dir, token_file, output, .. } = args;
    let server = ServerArgs::at(server, data_dir, token_file, Format::Text);
    let client = connect::client(&server, surroundings)?;
    let Some(target) = output else {
        let mut out = io::stdout().lock();
        let copied = copy(&client, &path, &mut out).await?;
        return match copied.and_then(|()| out.flush()) {
            // A reader that has gone away is no failure.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => Ok(done?),
        };
    };
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let could_not = |error: io::Error| files::unusable(&target, error);
    let mut part =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(could_not)?;
    copy(&client, &path, part.as_file_mut()).await?.map_err(could_not)?;
    part.as_file().sync_all().map_err(could_not)?;
    match part.persist_noclobber(&target) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(already_there(&target).into())
        }
        Err(error) => Err(could_not(error.error).into()),
    }
}

fn already_there(path: &Path) -> Failure {
    Failure::Check(format!("{} is there already, and is not replaced", path.display()))
}

fn path(args: &ExportArgs) -> String {
    let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
    let (since, until) = (moment(args.since), moment(args.until));
    let parameters = [
        ("format", Some(args.format.as_str())),
        ("since", since.as_deref()),
        ("until", until.as_deref()),
        ("tenant", args.tenant.as_deref()),
    ];
    let given = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
    query("/api/v1/admin/audit", given)
}

/// Copies an answer piece by piece: the outer fault is the server's, the inner one the file's.
async fn copy(
    client: &Client,
    path: &str,
    out: &mut impl Write,
) -> Result<io::Result<()>, ClientError> {
    let mut answer = client.stream(path).await?;
    while let Some(piece) = answer.chunk().await.map_err(ClientError::Network)? {
        if let Err(error) = out.write_all(&piece) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}
