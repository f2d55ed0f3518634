//! `carnet enroll new`.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use carnet_realm::client::Client;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::cli::enroll::{NamesArgs, NewArgs};
use crate::connect::{self, Surroundings};
use crate::files;
use crate::output::{self, Format};

/// Makes enrollments, and shows each token once: on stdout, or in a new private file.
pub async fn run(args: &NewArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let client = connect::client(&args.server, surroundings)?;
    // Before any token is made: one that cannot be written down is lost.
    let mut file = args.output.as_deref().map(create).transpose()?;
    let enrolled = enroll(&client, args, file.as_mut()).await;
    if let (Err(_), Some(path), Some(file)) = (&enrolled, &args.output, &file)
        && file.metadata().is_ok_and(|file| file.len() == 0)
    {
        // Nothing is in it. What stays is in nobody's way.
        let _ = std::fs::remove_file(path);
    }
    let enrolled = enrolled?;
    if args.server.format == Format::Json {
        let value = match args.count {
            Some(_) => Value::from(enrolled),
            None => enrolled.into_iter().next().unwrap_or_default(),
        };
        return Ok(output::show(Format::Json, &value, |_| String::new())?);
    }
    let texts: Vec<_> = enrolled.iter().map(text).collect();
    Ok(output::line(&texts.join("\n\n"))?)
}

/// Makes them one after the other; what is written to `file` is told nowhere else.
async fn enroll(
    client: &Client,
    args: &NewArgs,
    mut file: Option<&mut File>,
) -> anyhow::Result<Vec<Value>> {
    let mut enrolled = Vec::new();
    for name in names(args) {
        let body = Value::Object(body(args, &name));
        let path = "/api/v1/admin/enrollments";
        let mut made = client.call(Method::POST, path, Some(&body)).await?;
        if let (Some(file), Some(path)) = (file.as_mut(), &args.output) {
            let url = made["url"].as_str().unwrap_or_default();
            file.write_all(format!("{url}\n").as_bytes())
                .and_then(|()| file.sync_all())
                .map_err(|error| files::unusable(path, error))?;
            let members = made.as_object_mut();
            members.map(|members| ["token", "url"].map(|name| members.remove(name)));
        }
        enrolled.push(made);
    }
    Ok(enrolled)
}

fn names(args: &NewArgs) -> Vec<String> {
    match args.count {
        None => vec![args.name.to_string()],
        Some(count) => (1..=count).map(|number| format!("{}-{number}", args.name)).collect(),
    }
}

fn body(args: &NewArgs, name: &str) -> Map<String, Value> {
    let texts = |globs: &[_]| globs.iter().map(ToString::to_string).collect::<Vec<_>>();
    let labels: Map<_, _> =
        args.labels.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
    let mut body = certified_as(&args.names);
    body.insert("name".to_owned(), name.into());
    body.insert("capabilities".to_owned(), texts(&args.capabilities).into());
    body.insert("labels".to_owned(), labels.into());
    body.insert("ttl".to_owned(), json!(args.ttl));
    body
}

/// What a certificate says beside the name, as routes take it.
pub fn certified_as(names: &NamesArgs) -> Map<String, Value> {
    let dns: Vec<_> = names.dns.iter().map(ToString::to_string).collect();
    let ip: Vec<_> = names.ip.iter().map(ToString::to_string).collect();
    Map::from_iter([
        ("dns".to_owned(), dns.into()),
        ("ip".to_owned(), ip.into()),
        ("localhost".to_owned(), (!names.no_localhost).into()),
        ("cert_ttl".to_owned(), json!(names.cert_ttl)),
    ])
}

fn create(path: &Path) -> anyhow::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    Ok(file.map_err(|error| files::unusable(path, error))?)
}

fn text(made: &Value) -> String {
    let rows =
        [("id", "id"), ("name", "name"), ("identity", "spiffe_id"), ("expires", "expires_at")];
    let mut rows = rows.map(|(title, name)| (title, output::text(&made[name]))).to_vec();
    rows.push(("ca_sha256", output::text(&made["ca_sha256"])));
    let fields = output::fields(&rows);
    match made["url"].as_str() {
        Some(url) => format!("{fields}\nCA_SERVICE_URL={url}"),
        None => fields,
    }
}
