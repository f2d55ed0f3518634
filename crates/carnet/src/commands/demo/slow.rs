//! A download that reads slowly through a small window, so that the server is always in the middle of it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use carnet_gate::Clock;
use carnet_ticket::realm::NodeKey;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpSocket;

/// What the kernel may hold of what was not read.
const WINDOW: u32 = 8 << 10;

/// The pause between two pieces of at most 8 KiB.
const PAUSE: Duration = Duration::from_millis(5);

/// A download that is open.
pub struct Download {
    body: Incoming,
    left: u64,
}

/// Opens the download of a node under a ticket.
pub async fn open(server: &str, ticket: &SecretString, key: NodeKey) -> anyhow::Result<Download> {
    let host = server.strip_prefix("http://").context("the demo's server speaks plain HTTP")?;
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(WINDOW)?;
    let stream = socket.connect(host.parse::<SocketAddr>()?).await?;
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(8 << 10).handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get(format!("/api/realm/self/nodes/{key}"))
        .header(header::HOST, host)
        .header(header::AUTHORIZATION, format!("Ticket {}", ticket.expose_secret()))
        .body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    ensure!(response.status() == StatusCode::OK, "the download was answered {}", response.status());
    let length = response
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    Ok(Download { body: response.into_body(), left: length.unwrap_or(0) })
}

impl Download {
    /// Reads on, slowly; whether all of it came.
    pub async fn read_to_end(mut self) -> bool {
        while let Some(Ok(frame)) = self.body.frame().await {
            self.left -= frame.data_ref().map_or(0, |data| data.len() as u64).min(self.left);
            Clock::System.sleep(PAUSE).await;
        }
        self.left == 0
    }
}
