//! `carnet task run`.

use std::path::Path;

use carnet_realm::client::{Client, GetTree, PutTree, Symlinks};
use carnet_ticket::realm::NodeKey;
use serde_json::{Map, Value, json};

use super::shown::{self, Progress};
use crate::cli::task::{RunArgs, TaskInput};
use crate::commands::realm::node::progress::{Progress as Transfer, count};
use crate::commands::realm::node::put::{by_extension, keep_stdin};
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::output;

/// How many nodes of an input are sent at a time.
const JOBS: usize = 8;

/// Has a worker do something, and writes what came of it.
pub async fn run(args: &RunArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    for (_, value) in &args.param {
        value.as_str().map_or(Ok(()), connect::refuse_secret)?;
    }
    let client = connect::client(&args.server, surroundings)?;
    if args.dry_run {
        return try_it(args, &client).await;
    }
    let mut inputs = Vec::with_capacity(args.input.len());
    for input in &args.input {
        inputs.push(match input {
            TaskInput::File(path) => upload(&client, path).await?,
            TaskInput::Node(node) => client.walk(node.key, &node.names).await?,
        });
    }
    let task = client.submit_task(&body(args, &inputs), &new_key()?).await?;
    if args.no_wait {
        return Ok(output::show(args.server.format, &task, |task| output::text(&task["id"]))?);
    }
    let task = follow(&client, &output::text(&task["id"])).await?;
    finished(args, &client, &task).await
}

/// Says whether it would be let through, and to whom.
async fn try_it(args: &RunArgs, client: &Client) -> anyhow::Result<()> {
    let mut inputs = Vec::new();
    for input in &args.input {
        if let TaskInput::Node(node) = input {
            inputs.push(client.walk(node.key, &node.names).await?);
        }
    }
    let tried = client.try_task(&body(args, &inputs)).await?;
    output::show(args.server.format, &tried, |tried| {
        let checks = tried["checks"].as_array().into_iter().flatten().map(|check| {
            let text = |name: &str| output::text(&check[name]);
            format!(
                "{} {}: {} ({})",
                text("resource_type"),
                text("value"),
                text("decision"),
                text("source")
            )
        });
        let decision = output::text(&tried["decision"]);
        let candidates = match tried["candidates"].as_array().map(Vec::as_slice) {
            None | Some([]) => "no worker could do it now".to_owned(),
            Some(_) => format!("workers: {}", output::text(&tried["candidates"])),
        };
        let lines = std::iter::once(decision).chain(checks).chain([candidates]);
        lines.collect::<Vec<_>>().join("\n")
    })?;
    if tried["decision"] == "deny" {
        return Err(Failure::Check("a policy denies it".to_owned()).into());
    }
    Ok(())
}

/// What is submitted.
fn body(args: &RunArgs, inputs: &[NodeKey]) -> Value {
    let mut body = Map::new();
    body.insert("capability".to_owned(), args.capability.as_str().into());
    body.insert("input".to_owned(), json!(inputs));
    body.insert("params".to_owned(), args.param.iter().cloned().collect());
    if let Some(timeout) = &args.timeout {
        body.insert("limits".to_owned(), json!({ "timeout": timeout }));
    }
    if args.server.realm != "self" {
        body.insert("realm".to_owned(), args.server.realm.as_str().into());
    }
    for (name, value) in
        [("image", &args.image), ("provider", &args.provider), ("network", &args.network)]
    {
        if let Some(value) = value {
            body.insert(name.to_owned(), value.as_str().into());
        }
    }
    Value::Object(body)
}

/// Names what is submitted, so that asking twice is asking once.
fn new_key() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::CouldNotRun(format!("no randomness: {error}")))?;
    Ok(hex::encode(bytes))
}

/// Stores a file or directory: its key.
async fn upload(client: &Client, path: &Path) -> anyhow::Result<NodeKey> {
    connect::refuse_secret(&path.to_string_lossy())?;
    let piped = if path == Path::new("-") { Some(keep_stdin().await?) } else { None };
    let path = piped.as_ref().map_or(path, |file| file.path());
    let progress = Transfer::new();
    let put = PutTree {
        path,
        name: None,
        content_type: &by_extension,
        jobs: JOBS,
        symlinks: Symlinks::Fail,
        progress: &|step| progress.show(step),
    };
    let done = client.put_tree(&put).await;
    progress.finish();
    Ok(done?.key)
}

/// Follows a task to its end. Ctrl-C cancels it, and once more goes away.
async fn follow(client: &Client, id: &str) -> anyhow::Result<Value> {
    let progress = Progress::new();
    let followed = client.follow_task(id, |event| progress.show(event));
    tokio::pin!(followed);
    let done = tokio::select! {
        done = &mut followed => done,
        _ = tokio::signal::ctrl_c() => {
            // Who was too late follows it to its end all the same.
            let _ = client.cancel_task(id, Some("interrupted")).await;
            tokio::select! {
                done = &mut followed => done,
                _ = tokio::signal::ctrl_c() => {
                    progress.finish();
                    return Err(Failure::Check(format!("{id} is being cancelled")).into());
                }
            }
        }
    };
    progress.finish();
    done.map_err(|error| {
        anyhow::Error::from(error).context(format!("{id} goes on; carnet task show {id}"))
    })
}

/// Writes what came of a task.
async fn finished(args: &RunArgs, client: &Client, task: &Value) -> anyhow::Result<()> {
    let format = args.server.format;
    if task["state"] != "succeeded" {
        if format == output::Format::Json {
            output::show(format, task, |_| String::new())?;
        }
        let (id, state) = (output::text(&task["id"]), output::text(&task["state"]));
        let why = shown::error(task).map(|error| format!(": {error}")).unwrap_or_default();
        return Err(Failure::Check(format!("{id} {state}{why}")).into());
    }
    let Some(target) = &args.output else {
        return Ok(output::show(format, task, |task| output::text(&task["output"]))?);
    };
    let key = task["output"].as_str().and_then(|key| key.parse::<NodeKey>().ok());
    let key = key.ok_or_else(|| Failure::Check("the task has no output".to_owned()))?;
    if target == Path::new("-") {
        client.get_file(key, &mut tokio::io::stdout()).await?;
        return Ok(());
    }
    let progress = Transfer::new();
    let get = GetTree { key, target, is_forced: true, progress: &|step| progress.show(step) };
    let done = client.get_tree(&get).await;
    progress.finish();
    let done = done?;
    Ok(output::show(format, task, |_| {
        format!("{}  {}", target.display(), count(done.files, done.dirs, done.bytes))
    })?)
}
