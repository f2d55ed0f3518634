//! [`InputReader`]: what a task reads, as it comes.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use carnet_realm::client::{Client, ClientError, Metadata};
use carnet_realm::layout::ReadError;
use carnet_ticket::realm::NodeKey;
use tokio::io::{AsyncRead, DuplexStream, ReadBuf, duplex};
use tokio_util::task::AbortOnDropHandle;

use super::TaskError;

/// How much of an input waits for a handler that reads slowly.
const WAITING_MAX: usize = 256 << 10;

/// An input of a task, as it comes. What cannot be read is an error, and never a shorter file.
pub struct InputReader {
    pipe: DuplexStream,
    fetch: Option<AbortOnDropHandle<Result<u64, ReadError<ClientError>>>>,
    size: u64,
    content_type: String,
}

impl InputReader {
    /// Begins to read the file `key`.
    pub(super) async fn open(client: &Client, key: NodeKey) -> Result<Self, TaskError> {
        let metadata = client.metadata(key).await.map_err(|error| TaskError::of_store(&error))?;
        let Metadata { file_size: Some(size), content_type, .. } = metadata else {
            return Err(TaskError::new("INVALID_INPUT", format!("{key} is not a file")));
        };
        let (mut into, pipe) = duplex(WAITING_MAX);
        let client = client.clone();
        let fetch = tokio::spawn(async move { client.get_file(key, &mut into).await });
        Ok(Self {
            pipe,
            fetch: Some(AbortOnDropHandle::new(fetch)),
            size,
            content_type: content_type.unwrap_or_default(),
        })
    }

    /// How many bytes it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its content type, as whoever stored it said; empty where nobody did.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }
}

impl AsyncRead for InputReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.remaining();
        ready!(Pin::new(&mut self.pipe).poll_read(cx, buffer))?;
        let is_end = buffer.remaining() == before && before > 0;
        let Some(fetch) = self.fetch.as_mut().filter(|_| is_end) else {
            return Poll::Ready(Ok(()));
        };
        let fetched = ready!(Pin::new(fetch).poll(cx));
        self.fetch = None;
        Poll::Ready(match fetched {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(io::Error::other(error)),
            Err(error) => Err(io::Error::other(error)),
        })
    }
}

impl fmt::Debug for InputReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputReader")
            .field("size", &self.size)
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}
