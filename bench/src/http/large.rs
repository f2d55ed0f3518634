//! Large nodes: 4 MiB read beside nginx, 1 MiB written beside the disk.

use std::fs::File;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use carnet_realm::node::{Encoded, Limits, encode_successor};
use http::Method;
use http_body_util::BodyExt;
use tempfile::TempDir;

use super::client::{ask, connect, rate, request};
use crate::report::Report;
use crate::world::World;

const MIB: usize = 1 << 20;

/// How many different nodes are read.
const NODES: u64 = 16;

const MB: f64 = 1e6;

pub(super) async fn run(report: &mut Report) -> anyhow::Result<()> {
    if !report.wants("http: large nodes") {
        return Ok(());
    }
    let disk = synced_bytes_per_second()? / MB;
    report.add("http: files of 1 MiB written and synced", disk, "MB/s", "the machine's own");
    let world = World::start().await?;
    let put = rate(world.address, |lane, number| {
        let node = node(MIB, lane, number);
        Some(request(Method::PUT, &format!("/api/realm/self/nodes/{}", node.key), node.bytes))
    })
    .await?;
    #[expect(clippy::cast_precision_loss, reason = "2^20")]
    let written = put.requests * MIB as f64 / MB;
    report.add(
        "http: PUT 1 MiB nodes, new, durable",
        written,
        "MB/s",
        format!("{:.2} of the disk; goal 400 or 1.0", written / disk),
    );
    read(report, &world).await?;
    world.stop().await;
    Ok(())
}

async fn read(report: &mut Report, world: &World) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut sender = connect(world.address).await?;
    for number in 0..NODES {
        let node = node(4 * MIB, 0, number);
        std::fs::write(folder.path().join(number.to_string()), &node.bytes)?;
        let path = format!("/api/realm/self/nodes/{}", node.key);
        let put = ask(&mut sender, request(Method::PUT, &path, node.bytes)).await?;
        put.collect().await?;
    }
    let nginx = Nginx::start(&folder).await?;
    let from_nginx = rate(nginx.address, |lane, number| {
        Some(request(Method::GET, &format!("/{}", (lane + number) % NODES), Bytes::new()))
    })
    .await?;
    drop(nginx);
    report.add("http: nginx, 4 MiB files", from_nginx.bytes / MB, "MB/s", "same client");
    let keys: Vec<_> = (0..NODES).map(|number| node(4 * MIB, 0, number).key).collect();
    let got = rate(world.address, move |lane, number| {
        let key = keys[usize::try_from((lane + number) % NODES).unwrap_or(0)];
        Some(request(Method::GET, &format!("/api/realm/self/nodes/{key}"), Bytes::new()))
    })
    .await?;
    report.add(
        "http: GET 4 MiB nodes",
        got.bytes / MB,
        "MB/s",
        format!("{:.2} of nginx; goal 0.9", got.bytes / from_nginx.bytes),
    );
    Ok(())
}

/// A node of `size` bytes like no other.
fn node(size: usize, lane: u64, number: u64) -> Encoded {
    let mut data = vec![7; size - 16];
    data[..8].copy_from_slice(&lane.to_le_bytes());
    data[8..16].copy_from_slice(&number.to_le_bytes());
    encode_successor(&[], &data, &Limits::default()).unwrap_or_else(|error| unreachable!("{error}"))
}

/// Bytes in files of 1 MiB, each written and synced, in a second.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn synced_bytes_per_second() -> anyhow::Result<f64> {
    let (folder, data) = (tempfile::tempdir()?, vec![7; MIB]);
    let (started, mut count) = (Instant::now(), 0_u64);
    while started.elapsed() < Duration::from_secs(2) {
        let mut file = File::create(folder.path().join(count.to_string()))?;
        file.write_all(&data)?;
        file.sync_all()?;
        count += 1;
    }
    Ok((count * MIB as u64) as f64 / started.elapsed().as_secs_f64())
}

/// The web server that everybody knows, serving one folder.
struct Nginx {
    address: SocketAddr,
    child: Child,
    _folder: TempDir,
}

impl Nginx {
    async fn start(served: &TempDir) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration(folder.path(), served.path(), address))?;
        let mut command = Command::new("nginx");
        command.arg("-c").arg(&file).arg("-p").arg(folder.path());
        command.stderr(Stdio::null());
        let child = command.spawn().context("nginx, which this is measured beside")?;
        let nginx = Self { address, child, _folder: folder };
        for _ in 0..100 {
            if connect(address).await.is_ok() {
                return Ok(nginx);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        ensure!(false, "nginx does not answer");
        Ok(nginx)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One process, as many files a connection as are asked for, no log.
fn configuration(folder: &Path, served: &Path, address: SocketAddr) -> String {
    let (folder, served) = (folder.display(), served.display());
    format!(
        "daemon off; master_process off; pid {folder}/pid; error_log {folder}/errors;\n\
         events {{ worker_connections 256; }}\n\
         http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;\n\
         client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
         fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n\
         server {{ listen {address}; root {served}; }} }}\n"
    )
}
