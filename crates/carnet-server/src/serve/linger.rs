//! Hearing out who is still sending when it is refused. A connection that is closed with bytes unread is reset, and
//! the answer is lost with it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use carnet_gate::Clock;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How long a peer is heard out.
const TIME_MAX: Duration = Duration::from_secs(10);

/// How much of what it sends is read and thrown away: the largest node.
const BYTES_MAX: usize = 16 << 20;

/// What is read at once.
const CHUNK: usize = 64 << 10;

/// Whether a body was let go of before all of it was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Unread(Arc<AtomicBool>);

impl Unread {
    /// `body`, which is noticed when it is let go of.
    pub(super) fn watch(&self, body: Incoming) -> Body {
        Body::new(Watched { body, is_read: false, unread: self.clone() })
    }
}

struct Watched {
    body: Incoming,
    is_read: bool,
    unread: Unread,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.is_read |= frame.is_none();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !(self.is_read || self.body.is_end_stream()) {
            self.unread.0.store(true, Ordering::Relaxed);
        }
    }
}

/// A connection that hears its peer out before it is closed, when something was left unread.
pub(super) struct Lingering<I> {
    io: I,
    unread: Unread,
    clock: Clock,
    hearing: Option<Hearing>,
}

/// What is left to hear, once nothing more is said.
struct Hearing {
    timeout: Pin<Box<dyn Future<Output = ()> + Send>>,
    left: usize,
    chunk: Box<[u8]>,
}

impl<I> Lingering<I> {
    pub(super) fn new(io: I, unread: Unread, clock: Clock) -> Self {
        Self { io, unread, clock, hearing: None }
    }
}

impl Hearing {
    fn begin(clock: Clock) -> Self {
        let timeout = Box::pin(async move { clock.sleep(TIME_MAX).await });
        Self { timeout, left: BYTES_MAX, chunk: vec![0; CHUNK].into() }
    }

    /// Ready when the peer has ended, or was heard for long enough.
    fn poll<I: AsyncRead + Unpin>(&mut self, io: &mut I, cx: &mut Context<'_>) -> Poll<()> {
        while self.left > 0 && self.timeout.as_mut().poll(cx).is_pending() {
            let mut chunk = ReadBuf::new(&mut self.chunk);
            let is_over = ready!(Pin::new(&mut *io).poll_read(cx, &mut chunk)).is_err();
            if is_over || chunk.filled().is_empty() {
                break;
            }
            self.left = self.left.saturating_sub(chunk.filled().len());
        }
        Poll::Ready(())
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Lingering<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.hearing.is_none() {
            ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
            if !this.unread.0.load(Ordering::Relaxed) {
                return Poll::Ready(Ok(()));
            }
        }
        let hearing = this.hearing.get_or_insert_with(|| Hearing::begin(this.clock.clone()));
        hearing.poll(&mut this.io, cx).map(Ok)
    }
}
